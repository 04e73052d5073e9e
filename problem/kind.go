package problem

import (
	"errors"
	"net/http"

	"invisibleart.example/gallery"
)

// Kind is one sort of problem, as the documentation lists it.
type Kind struct {
	Slug    string // the anchor in the documentation, without "problem-"
	Status  int
	Title   string // the same for every problem of this kind (RFC 9457, section 3.1.3)
	Meaning string // the detail where the error has no words of its own
}

// Type is the URI reference that identifies the kind.
func (k Kind) Type() string { return "/docs#problem-" + k.Slug }

// Kinds lists every kind of problem the gallery answers with, by status.
func Kinds() []Kind {
	return []Kind{
		{"malformed", http.StatusBadRequest, "Malformed request", "The request cannot be read."},
		{"unauthorized", http.StatusUnauthorized, "Not signed in", "This needs valid credentials."},
		{"forbidden", http.StatusForbidden, "Not allowed", "You are not allowed to do this."},
		{"not-found", http.StatusNotFound, "Not found", "There is nothing here."},
		{"method-not-allowed", http.StatusMethodNotAllowed, "Method not allowed", "This address does not know that method; see the Allow header."},
		{"timeout", http.StatusRequestTimeout, "Too slow", "The request did not arrive in time."},
		{"conflict", http.StatusConflict, "Conflict", "This conflicts with what is there already."},
		{"precondition-failed", http.StatusPreconditionFailed, "Precondition failed", "What is there is not what the request's conditions expect."},
		{"too-large", http.StatusRequestEntityTooLarge, "Too large", "The request is larger than the limit."},
		{"unsupported-media-type", http.StatusUnsupportedMediaType, "Unsupported media type", "The body is of a type that is not read here."},
		{"range", http.StatusRequestedRangeNotSatisfiable, "Range not satisfiable", "None of the ranges asked for lies within the content; see the Content-Range header."},
		{"misdirected", http.StatusMisdirectedRequest, "Misdirected request", "This server does not go by that name."},
		{"invalid", http.StatusUnprocessableEntity, "Invalid", "The request is understood, but not all of it is valid."},
		{"upgrade-required", http.StatusUpgradeRequired, "Upgrade required", "This address speaks WebSocket, version 13."},
		{"too-many", http.StatusTooManyRequests, "Too many requests", "That was too much at once; try again later."},
		{"head-too-large", http.StatusRequestHeaderFieldsTooLarge, "Request head too large", "The request head is larger than 16 KiB."},
		{"internal", http.StatusInternalServerError, "Internal error", "Something went wrong on the server. It has been written down."},
		{"unavailable", http.StatusServiceUnavailable, "Unavailable", "The server cannot do this now; try again later."},
	}
}

// Status is the HTTP status that err becomes; an unknown error is 500.
func Status(err error) int {
	if s, ok := errors.AsType[httpStatus](err); ok {
		return int(s)
	}
	switch gallery.CodeOf(err) {
	case gallery.Malformed:
		return http.StatusBadRequest
	case gallery.Unauthorized:
		return http.StatusUnauthorized
	case gallery.Forbidden:
		return http.StatusForbidden
	case gallery.NotFound:
		return http.StatusNotFound
	case gallery.Conflict:
		return http.StatusConflict
	case gallery.TooLarge:
		return http.StatusRequestEntityTooLarge
	case gallery.Invalid:
		return http.StatusUnprocessableEntity
	case gallery.TooMany:
		return http.StatusTooManyRequests
	case gallery.Unavailable:
		return http.StatusServiceUnavailable
	default:
		return http.StatusInternalServerError
	}
}

func kindOf(status int) Kind {
	for _, k := range Kinds() {
		if k.Status == status {
			return k
		}
	}
	return Kind{Slug: "other", Status: status, Title: http.StatusText(status), Meaning: http.StatusText(status)}
}
