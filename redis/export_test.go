package redis

// ParseURL is what the address of a Redis is read with.
var ParseURL = parseURL

// URLFaults are all errors of ParseURL.
var URLFaults = []error{
	errScheme,
	errMixed,
	errMixedTLS,
	errCredentials,
	errClusterDatabase,
	errNoParameters,
	errMaster,
	errMalformed,
	errTwice,
	errTLS,
	errParameter,
	errURL,
	errDatabase,
	errPort,
	errHost,
}
