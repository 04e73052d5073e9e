package node

// What the tests of this package try by itself, outside a whole node.
var (
	Access    = access
	Recovered = recovered
	Patient   = patient
	NewCanary = newCanary
	Sing      = (*canary).sing
	Server    = (*Node).server
	Calm      = newCalm

	CanaryChannels = canaryChannels
)
