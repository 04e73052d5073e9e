package s3server

import (
	"encoding/xml"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

const listTime = "2006-01-02T15:04:05.000Z"

// limit is how many rows the answer to a listing may have.
func (c *call) limit(parameter string) int {
	if n, err := strconv.Atoi(c.r.URL.Query().Get(parameter)); err == nil {
		return min(n, c.PageSize)
	}
	return c.PageSize
}

// listObjects lists the keys below a prefix. Those with a delimiter behind it
// are left out and not summed up: the gallery does not look at them.
func (c *call) listObjects() {
	type Object struct {
		Key          string
		LastModified string
		ETag         string
		Size         int
	}
	query := c.r.URL.Query()
	prefix, delimiter, after := query.Get("prefix"), query.Get("delimiter"), query.Get("continuation-token")
	answer := struct {
		XMLName               xml.Name `xml:"ListBucketResult"`
		Name, Prefix          string
		EncodingType          string
		IsTruncated           bool
		NextContinuationToken string `xml:",omitempty"`
		Contents              []Object
	}{Name: c.Bucket, Prefix: prefix, EncodingType: "url"}
	last := ""
	c.mu.Lock()
	for _, key := range slices.Sorted(maps.Keys(c.objects)) {
		if !strings.HasPrefix(key, prefix) || key <= after || delimiter != "" && strings.Contains(key[len(prefix):], delimiter) {
			continue
		}
		if len(answer.Contents) == c.limit("max-keys") {
			answer.IsTruncated, answer.NextContinuationToken = true, last
			break
		}
		o := c.objects[key]
		last = key
		answer.Contents = append(answer.Contents, Object{url.QueryEscape(key), at(o.modified), `"` + o.etag + `"`, len(o.content)})
	}
	c.mu.Unlock()
	c.answerXML(answer)
}

// listUploads lists the unfinished uploads, by key and id.
func (c *call) listUploads() {
	type Upload struct {
		Key       string
		UploadID  string `xml:"UploadId"`
		Initiated string
	}
	query := c.r.URL.Query()
	after := query.Get("key-marker") + "\n" + query.Get("upload-id-marker")
	answer := struct {
		XMLName            xml.Name `xml:"ListMultipartUploadsResult"`
		Bucket             string
		EncodingType       string
		NextKeyMarker      string `xml:",omitempty"`
		NextUploadIDMarker string `xml:"NextUploadIdMarker,omitempty"`
		IsTruncated        bool
		Uploads            []Upload `xml:"Upload"`
	}{Bucket: c.Bucket, EncodingType: "url"}
	c.mu.Lock()
	begun := map[string]Upload{}
	for id, u := range c.uploads {
		if strings.HasPrefix(u.key, query.Get("prefix")) {
			begun[u.key+"\n"+id] = Upload{url.QueryEscape(u.key), id, at(u.begun)}
		}
	}
	c.mu.Unlock()
	for _, place := range slices.Sorted(maps.Keys(begun)) {
		if place <= after {
			continue
		}
		if len(answer.Uploads) == c.limit("max-uploads") {
			last := answer.Uploads[len(answer.Uploads)-1]
			answer.IsTruncated, answer.NextKeyMarker, answer.NextUploadIDMarker = true, last.Key, last.UploadID
			break
		}
		answer.Uploads = append(answer.Uploads, begun[place])
	}
	c.answerXML(answer)
}

func at(t time.Time) string { return t.UTC().Format(listTime) }
