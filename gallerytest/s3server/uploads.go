package s3server

import (
	"bytes"
	"crypto/rand"
	"encoding/xml"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// upload is an unfinished multipart upload.
type upload struct {
	key   string
	begun time.Time
	parts map[int]object
}

// Uploads tells how many multipart uploads are unfinished.
func (s *Server) Uploads() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.uploads)
}

func (c *call) beginUpload() {
	id := strings.ToLower(rand.Text())
	c.mu.Lock()
	c.uploads[id] = &upload{key: c.key(), begun: c.now(), parts: map[int]object{}}
	c.mu.Unlock()
	c.answerXML(struct {
		XMLName  xml.Name `xml:"InitiateMultipartUploadResult"`
		Bucket   string
		Key      string
		UploadID string `xml:"UploadId"`
	}{Bucket: c.Bucket, Key: c.key(), UploadID: id})
}

// find is the upload that the request names; without it, it is answered. The
// lock is held by the caller.
func (c *call) find() *upload {
	u := c.uploads[c.r.URL.Query().Get("uploadId")]
	if u == nil || u.key != c.key() {
		return nil
	}
	return u
}

func (c *call) noUpload() {
	c.refuse(404, "NoSuchUpload", "The specified multipart upload does not exist.")
}

func (c *call) putPart() {
	body, ok := c.body()
	if !ok {
		return
	}
	number, err := strconv.Atoi(c.r.URL.Query().Get("partNumber"))
	if err != nil || number < 1 || number > 10_000 {
		c.refuse(400, "InvalidArgument", "Part number must be an integer between 1 and 10000, inclusive")
		return
	}
	part := newObject(body, c.now())
	c.mu.Lock()
	u := c.find()
	if u != nil {
		u.parts[number] = part
	}
	c.mu.Unlock()
	if u == nil {
		c.noUpload()
		return
	}
	c.w.Header().Set("ETag", `"`+part.etag+`"`)
	c.answer(200, nil)
}

func (c *call) abortUpload() {
	c.mu.Lock()
	u := c.find()
	if u != nil {
		delete(c.uploads, c.r.URL.Query().Get("uploadId"))
	}
	c.mu.Unlock()
	if u == nil {
		c.noUpload()
		return
	}
	c.answer(204, nil)
}

// completeUpload makes an object of the parts that the request lists. Its date
// is that of the upload's beginning, as with Amazon.
func (c *call) completeUpload() {
	body, ok := c.body()
	if !ok {
		return
	}
	var listed struct {
		Parts []struct {
			PartNumber int
			ETag       string
		} `xml:"Part"`
	}
	if err := xml.Unmarshal(body, &listed); err != nil || len(listed.Parts) == 0 {
		c.refuse(400, "MalformedXML", "The XML you provided was not well-formed.")
		return
	}
	c.mu.Lock()
	u := c.find()
	var content bytes.Buffer
	wrong, before := "", 0
	for i, listed := range listed.Parts {
		if u == nil {
			break
		}
		part, found := u.parts[listed.PartNumber]
		switch {
		case !found || part.etag != strings.Trim(listed.ETag, `"`):
			wrong = "InvalidPart"
		case listed.PartNumber <= before:
			wrong = "InvalidPartOrder"
		case i < len(u.parts)-1 && len(part.content) < c.SmallestPart:
			wrong = "EntityTooSmall"
		}
		before = listed.PartNumber
		content.Write(part.content)
	}
	var o object
	if u != nil && wrong == "" {
		o = newObject(content.Bytes(), u.begun)
		o.etag = fmt.Sprintf("%s-%d", o.etag, len(listed.Parts))
		c.objects[u.key] = o
		delete(c.uploads, c.r.URL.Query().Get("uploadId"))
	}
	c.mu.Unlock()
	switch {
	case u == nil:
		c.noUpload()
	case wrong != "":
		c.refuse(400, wrong, "The list of parts is wrong.")
	default:
		c.answerXML(struct {
			XMLName xml.Name `xml:"CompleteMultipartUploadResult"`
			Bucket  string
			Key     string
			ETag    string
		}{Bucket: c.Bucket, Key: u.key, ETag: `"` + o.etag + `"`})
	}
}
