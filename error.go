package gallery

import (
	"errors"
	"fmt"
	"time"
)

// Code says what sort of failure an [Error] is; each edge has one function
// that turns it into its own answer: a status, a page, a close code.
type Code string

// The codes, with the HTTP status each becomes.
const (
	Malformed    Code = "malformed"    // 400: not even readable
	Unauthorized Code = "unauthorized" // 401: nobody we know
	Forbidden    Code = "forbidden"    // 403: known, and not allowed
	NotFound     Code = "not_found"    // 404
	Conflict     Code = "conflict"     // 409: taken
	TooLarge     Code = "too_large"    // 413
	Invalid      Code = "invalid"      // 422: readable, and wrong; see Fields
	TooMany      Code = "too_many"     // 429: over a limit; see RetryAfter
	Internal     Code = "internal"     // 500: its text stays in the log
	Unavailable  Code = "unavailable"  // 503: try again later; see RetryAfter
)

// Error is the one error type of the gallery. Message is for people and may be
// shown to them; the cause is for the log and may not.
type Error struct {
	Code       Code
	Message    string
	Fields     []FieldError  // for Invalid: what is wrong where
	RetryAfter time.Duration // for TooMany and Unavailable, 0 when unknown
	Err        error         // the cause, may be nil
}

// FieldError names one place in the input and what is wrong there.
type FieldError struct {
	Location string `json:"location"` // such as "reveal_conditions[0].condition_value.count"
	Message  string `json:"message"`
}

// Error is the text for the log: the message, the places, the cause.
func (e *Error) Error() string {
	text := e.Message
	for _, f := range e.Fields {
		text += fmt.Sprintf("; %s: %s", f.Location, f.Message)
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Errorf makes an Error with a message for people.
func Errorf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// InvalidField makes an Invalid error that names one place.
func InvalidField(location, format string, args ...any) *Error {
	return InvalidFields(FieldError{Location: location, Message: fmt.Sprintf(format, args...)})
}

// InvalidFields makes an Invalid error that names the given places.
func InvalidFields(fields ...FieldError) *Error {
	return &Error{Code: Invalid, Message: "The request is understood, but not all of it is valid.", Fields: fields}
}

// CodeOf tells the code of err: that of the first Error in its chain, Internal
// for any other error, "" for nil.
func CodeOf(err error) Code {
	if err == nil {
		return ""
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Code
	}
	return Internal
}
