package redis

import (
	"crypto/tls"
	"net"
	"net/url"
	"strconv"
	"strings"

	"github.com/redis/rueidis"
)

// addressError is what is wrong with the address of a Redis. All there are stand
// here, so that none can quote what it was given, which may be, or contain, a
// password.
type addressError string

const (
	errScheme          addressError = "want redis://host:port, rediss://host:port or sentinel://host:port/master"
	errMixed           addressError = "each of several begins with redis:// or rediss://"
	errMixedTLS        addressError = "either all of a Cluster's addresses are rediss:// or none"
	errCredentials     addressError = "a Cluster has one user and password, given with its first address"
	errClusterDatabase addressError = "a Cluster has no numbered databases"
	errNoParameters    addressError = "parameters are known for sentinel:// only"
	errMaster          addressError = "sentinel:// wants the name of the master after the hosts: sentinel://host:port/master"
	errMalformed       addressError = "the parameters are malformed"
	errTwice           addressError = "a parameter is given twice"
	errTLS             addressError = "tls is true or false"
	errParameter       addressError = "the parameters of sentinel:// are db, sentinel-user, sentinel-password and tls"
	errURL             addressError = "not a URL; a user or password with one of : / ? # % @ , in it must be percent-encoded"
	errDatabase        addressError = "the database is a number from 0"
	errPort            addressError = "the port is a number from 1 to 65535"
	errHost            addressError = "every address wants a host"
)

func (e addressError) Error() string { return "redis address: " + string(e) }

// parseURL turns what [Open] is given into the settings of a connection.
func parseURL(urls string) (rueidis.ClientOption, error) {
	option, err := settings(), error(errScheme)
	switch scheme, _, _ := strings.Cut(urls, "://"); scheme {
	case "redis", "rediss":
		err = parseServers(&option, urls)
	case "sentinel":
		err = parseSentinels(&option, urls)
	}
	return option, err
}

func parseServers(option *rueidis.ClientOption, urls string) error {
	for i, one := range strings.Split(urls, ",") {
		u, err := parseOne(one)
		if err != nil {
			return err
		}
		secure := u.Scheme == "rediss"
		if !secure && u.Scheme != "redis" {
			return errMixed
		}
		if i == 0 {
			if secure {
				option.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12}
			}
			credentials(&option.Username, &option.Password, u)
			if option.SelectDB, err = database(strings.TrimPrefix(u.Path, "/")); err != nil {
				return err
			}
		} else if secure != (option.TLSConfig != nil) {
			return errMixedTLS
		} else if u.User != nil && u.User.String() != url.UserPassword(option.Username, option.Password).String() {
			return errCredentials
		} else if strings.Trim(u.Path, "/") != "" || option.SelectDB != 0 {
			return errClusterDatabase
		}
		if u.RawQuery != "" {
			return errNoParameters
		}
		address, err := hostPort(u.Host, "6379")
		if err != nil {
			return err
		}
		option.InitAddress = append(option.InitAddress, address)
	}
	return nil
}

func parseSentinels(option *rueidis.ClientOption, urls string) error {
	// url.Parse takes "a:1,b:2" for a host with a bad port, so the hosts are cut
	// out first.
	rest := strings.TrimPrefix(urls, "sentinel://")
	authority, path, _ := strings.Cut(rest, "/")
	user, hosts := "", authority
	if at := strings.LastIndexByte(authority, '@'); at >= 0 {
		user, hosts = authority[:at+1], authority[at+1:]
	}
	u, err := parseOne("sentinel://" + user + "sentinels/" + path)
	if err != nil {
		return err
	}
	credentials(&option.Username, &option.Password, u)
	option.Sentinel.MasterSet = strings.Trim(u.Path, "/")
	if option.Sentinel.MasterSet == "" || strings.Contains(option.Sentinel.MasterSet, "/") {
		return errMaster
	}
	for _, host := range strings.Split(hosts, ",") {
		address, err := hostPort(host, "26379")
		if err != nil {
			return err
		}
		option.InitAddress = append(option.InitAddress, address)
	}
	parameters, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return errMalformed
	}
	for name, values := range parameters {
		if len(values) != 1 {
			return errTwice
		}
		switch value := values[0]; name {
		case "db":
			if option.SelectDB, err = database(value); err != nil {
				return err
			}
		case "sentinel-user":
			option.Sentinel.Username = value
		case "sentinel-password":
			option.Sentinel.Password = value
		case "tls":
			secure, err := strconv.ParseBool(value)
			if err != nil {
				return errTLS
			}
			if secure {
				option.TLSConfig = &tls.Config{MinVersion: tls.VersionTLS12}
				option.Sentinel.TLSConfig = option.TLSConfig
			}
		default:
			return errParameter
		}
	}
	return nil
}

func parseOne(one string) (*url.URL, error) {
	u, err := url.Parse(one)
	if err != nil || u.Opaque != "" || u.Fragment != "" {
		// Not the error itself: it quotes the whole address.
		return nil, errURL
	}
	return u, nil
}

func credentials(user, password *string, u *url.URL) {
	if u.User != nil {
		*user = u.User.Username()
		*password, _ = u.User.Password()
	}
}

func database(number string) (int, error) {
	if number == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(number)
	if err != nil || n < 0 {
		return 0, errDatabase
	}
	return n, nil
}

// hostPort completes an address with the port it goes without.
func hostPort(address, port string) (string, error) {
	host := address
	if h, p, err := net.SplitHostPort(address); err == nil {
		host, port = h, p
	}
	host = strings.Trim(host, "[]")
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		return "", errPort
	}
	if host == "" || strings.ContainsAny(host, "/?#@ ") || (strings.Contains(host, ":") && net.ParseIP(host) == nil) {
		return "", errHost
	}
	return net.JoinHostPort(host, port), nil
}
