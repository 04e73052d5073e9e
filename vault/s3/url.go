package s3

import (
	"errors"
	"fmt"
	"net/url"
	"regexp"
	"strings"

	"github.com/minio/minio-go/v7"
)

// place is where a bucket is, as its URL says.
type place struct {
	bucket string
	prefix string // "" or with a "/" at its end
	host   string // of the endpoint, with a port where there is one
	secure bool   // https
	region string // "": the store is asked
	lookup minio.BucketLookupType
}

const form = "s3://bucket[/prefix]?endpoint=https://host[:port]&region=…&path-style=true|false"

// bucketName is what Amazon allows; others allow no more that matters.
var (
	bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$`)
	prefixName = regexp.MustCompile(`^[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*$`)
)

// parse reads the URL of a bucket. No error quotes what it could not read: a
// key that slipped into the URL must not end in a log.
func parse(text string) (place, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "s3" || u.Opaque != "" || u.Fragment != "" {
		return place{}, errors.New("the URL of the bucket is not of the form " + form)
	}
	if u.User != nil {
		return place{}, errors.New("the URL of the bucket holds credentials; they are given apart from it")
	}
	if !bucketName.MatchString(u.Host) {
		return place{}, errors.New("the URL of the bucket names no bucket, or one that cannot be; its form is " + form)
	}
	at := place{bucket: u.Host, host: "s3.amazonaws.com", secure: true}
	if prefix := strings.Trim(u.Path, "/"); prefix != "" {
		if !prefixName.MatchString(prefix) || strings.Contains("/"+prefix+"/", "/./") || strings.Contains("/"+prefix+"/", "/../") {
			return place{}, fmt.Errorf("the prefix in the bucket %s holds other characters than letters, digits, “.”, “-”, “_” and “/”", at.bucket)
		}
		at.prefix = prefix + "/"
	}
	settings, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return place{}, errors.New("the URL of the bucket is not of the form " + form)
	}
	for name, values := range settings {
		if len(values) != 1 {
			return place{}, fmt.Errorf("the URL of the bucket %s has a setting twice", at.bucket)
		}
		if err := at.set(name, values[0]); err != nil {
			return place{}, fmt.Errorf("the URL of the bucket %s: %w", at.bucket, err)
		}
	}
	return at, nil
}

// set takes one setting of the URL's query.
func (at *place) set(name, value string) error {
	switch name {
	case "region":
		at.region = value
	case "path-style":
		switch value {
		case "true":
			at.lookup = minio.BucketLookupPath
		case "false":
			at.lookup = minio.BucketLookupDNS
		default:
			return errors.New("path-style is neither true nor false")
		}
	case "endpoint":
		u, err := url.Parse(value)
		if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
			return errors.New("the endpoint is not of the form https://host[:port]")
		}
		if u.User != nil || strings.Trim(u.Path, "/") != "" || u.RawQuery != "" || u.Fragment != "" {
			return errors.New("the endpoint holds more than https://host[:port]")
		}
		at.host, at.secure = u.Host, u.Scheme == "https"
	default:
		return errors.New("a setting other than endpoint, region and path-style")
	}
	return nil
}
