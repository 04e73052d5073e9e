package s3server

import (
	"encoding/xml"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// call is one request being answered.
type call struct {
	*Server
	w       http.ResponseWriter
	r       *http.Request
	request Request
	fault   Fault
	ended   chan struct{} // closed when the server stops
	proof   proof         // set by authorize
}

// op is what Amazon calls the request.
func (c *call) op() string {
	query := c.r.URL.Query()
	object := c.key() != ""
	for _, known := range []struct {
		method, query string
		object        bool
		op            string
	}{
		{"GET", "location", false, "GetBucketLocation"},
		{"GET", "uploads", false, "ListMultipartUploads"},
		{"GET", "list-type", false, "ListObjectsV2"},
		{"POST", "uploads", true, "CreateMultipartUpload"},
		{"POST", "uploadId", true, "CompleteMultipartUpload"},
		{"PUT", "uploadId", true, "UploadPart"},
		{"DELETE", "uploadId", true, "AbortMultipartUpload"},
		{"GET", "", true, "GetObject"},
		{"HEAD", "", true, "HeadObject"},
		{"PUT", "", true, "PutObject"},
		{"DELETE", "", true, "DeleteObject"},
	} {
		if known.method == c.r.Method && known.object == object && (known.query == "" || query.Has(known.query)) {
			return known.op
		}
	}
	return "unknown: " + c.r.Method + " " + c.r.URL.String()
}

// key is the object's key, "" for requests about the bucket.
func (c *call) key() string {
	_, key, _ := strings.Cut(strings.TrimPrefix(c.r.URL.Path, "/"), "/")
	return key
}

func (c *call) do() {
	c.r.Header.Del(c.fault.Ignore)
	if bucket, _, _ := strings.Cut(strings.TrimPrefix(c.r.URL.Path, "/"), "/"); bucket != c.Bucket {
		c.refuse(404, "NoSuchBucket", "The specified bucket does not exist")
		return
	}
	switch c.request.Op {
	case "GetBucketLocation":
		c.answerXML(struct {
			XMLName xml.Name `xml:"LocationConstraint"`
			Region  string   `xml:",chardata"`
		}{Region: c.Region})
	case "ListObjectsV2":
		c.listObjects()
	case "ListMultipartUploads":
		c.listUploads()
	case "GetObject", "HeadObject":
		c.getObject()
	case "PutObject":
		c.putObject()
	case "DeleteObject":
		c.deleteObject()
	case "CreateMultipartUpload":
		c.beginUpload()
	case "UploadPart":
		c.putPart()
	case "CompleteMultipartUpload":
		c.completeUpload()
	case "AbortMultipartUpload":
		c.abortUpload()
	default:
		c.t.Errorf("s3server: %s", c.request.Op)
		c.refuse(501, "NotImplemented", "Not here.")
	}
}

// body reads and checks the body of the request; ok is false when it has been
// answered already.
func (c *call) body() (body []byte, ok bool) {
	if c.fault.Cut == CutRequest {
		io.CopyN(io.Discard, c.r.Body, c.fault.After)
		panic(http.ErrAbortHandler)
	}
	body, err := c.proof.body(c.r)
	if err != nil {
		// A connection that ended in the middle hears nothing of it.
		c.refuse(400, "BadDigest", err.Error())
		return nil, false
	}
	c.request.Received = int64(len(body))
	return body, true
}

// answer sends a body; it ends the connection if the fault says so.
func (c *call) answer(status int, body []byte) {
	if c.fault.Cut == LoseAnswer {
		panic(http.ErrAbortHandler)
	}
	c.request.Status = status
	c.w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	c.w.WriteHeader(status)
	if c.r.Method == http.MethodHead {
		return
	}
	cut := (c.fault.Cut == CutAnswer || c.fault.Cut == HangAnswer) && c.fault.After < int64(len(body))
	if cut {
		body = body[:c.fault.After]
	}
	// In pieces, so that the log knows what a client that left has taken.
	for len(body) > 0 {
		n, err := c.w.Write(body[:min(len(body), 32<<10)])
		c.request.Sent += int64(n)
		if err != nil {
			return
		}
		body = body[n:]
	}
	if cut {
		http.NewResponseController(c.w).Flush()
		if c.fault.Cut == HangAnswer {
			select {
			case <-c.r.Context().Done():
			case <-c.ended:
			}
		}
		panic(http.ErrAbortHandler)
	}
}

func (c *call) answerXML(v any) {
	text, err := xml.Marshal(v)
	if err != nil {
		c.t.Errorf("s3server: %v", err)
	}
	c.w.Header().Set("Content-Type", "application/xml")
	c.answer(200, append([]byte(xml.Header), text...))
}

// refuse answers with an error in Amazon's form.
func (c *call) refuse(status int, code, message string) {
	type Error struct{ Code, Message, Key, BucketName, Region string }
	text, err := xml.Marshal(Error{Code: code, Message: message, Key: c.key(), BucketName: c.Bucket, Region: c.Region})
	if err != nil {
		c.t.Errorf("s3server: %v", err)
	}
	c.w.Header().Set("Content-Type", "application/xml")
	c.answer(status, append([]byte(xml.Header), text...))
}
