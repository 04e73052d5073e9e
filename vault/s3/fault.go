package s3

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/minio/minio-go/v7"

	"invisibleart.example/gallery"
)

// errSilent is why a request was given up: the store said nothing for too long.
var errSilent = errors.New("the store does not answer")

// explain turns an error of the client library into one that says what to do
// about it, and whether waiting helps: a store that is out of reach, overloaded
// or full is gallery.Unavailable. It returns nil for nil, and the context's own
// cause when the caller has gone away.
func explain(ctx context.Context, err error) error {
	if err == nil {
		return nil
	}
	if cause := context.Cause(ctx); cause != nil {
		if errors.Is(cause, errSilent) || errors.Is(cause, context.DeadlineExceeded) {
			return away(cause) // whoever set a deadline waited for the store
		}
		return cause
	}
	answer, answered := errors.AsType[minio.ErrorResponse](err)
	if !answered {
		return away(err) // refused, cut, timed out
	}
	switch answer.Code {
	case minio.NoSuchBucket:
		return errors.New("there is no such bucket")
	case minio.SignatureDoesNotMatch:
		return errors.New("the secret key does not fit the access key")
	case "InvalidAccessKeyId":
		return errors.New("the store does not know the access key")
	case "InvalidToken", "ExpiredToken", "ExpiredTokenException":
		return errors.New("the session token does not hold, or no longer")
	case minio.AuthorizationHeaderMalformed, minio.InvalidRegion:
		if answer.Region != "" {
			return fmt.Errorf("the region is wrong: the bucket is in %s", answer.Region)
		}
		return errors.New("the region is wrong")
	case "RequestTimeTooSkewed":
		return errors.New("this machine's clock and the store's differ by more than the store allows")
	case minio.AccessDenied:
		return errors.New("the credentials do not allow it (AccessDenied)")
	case minio.NoSuchUpload:
		// It was completed and the answer lost, or took more than a day: either
		// way there is no blob, and there is with another try.
		return away(err)
	case minio.PreconditionFailed:
		return errors.New("the blob was replaced while it was read")
	}
	if answer.StatusCode == http.StatusInsufficientStorage || slices.Contains(fullCodes, answer.Code) {
		return &gallery.Error{
			Code: gallery.Unavailable, Message: "The gallery has no room for this work at the moment.",
			Err: fmt.Errorf("%s: %w", answer.Code, err),
		}
	}
	err = fmt.Errorf("%s (%d): %w", answer.Code, answer.StatusCode, err)
	if answer.StatusCode >= 500 || answer.StatusCode == http.StatusTooManyRequests || answer.StatusCode == http.StatusRequestTimeout {
		return away(err)
	}
	return err
}

// fullCodes are the answers of stores without room.
var fullCodes = []string{"XMinioStorageFull", "XMinioAdminBucketQuotaExceeded", "QuotaExceeded", "InsufficientCapacity"}

func away(cause error) error {
	return &gallery.Error{
		Code: gallery.Unavailable, Message: "The gallery cannot reach its works at the moment.",
		RetryAfter: time.Second, Err: cause,
	}
}

// isMissing tells whether what was asked for is not there.
func isMissing(err error) bool {
	answer, _ := errors.AsType[minio.ErrorResponse](err)
	return answer.Code == minio.NoSuchKey || answer.Code == minio.NoSuchUpload
}

// isRefused tells whether the store has answered that it will not, so that
// nothing can have come of the request.
func isRefused(err error) bool {
	answer, _ := errors.AsType[minio.ErrorResponse](err)
	return answer.StatusCode >= 400 && answer.StatusCode < 500
}
