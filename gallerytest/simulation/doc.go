// Package simulation is a test and nothing else: evenings of a gallery of
// several nodes, thousands of them, in which everything goes wrong that can go
// wrong between nodes, and after each of which every socket must have heard
// everything once and in order. See simulation_test.go for what is real in it,
// what is not, and how to run one evening again.
package simulation
