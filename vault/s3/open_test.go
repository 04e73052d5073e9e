package s3_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"invisibleart.example/gallery"
	"invisibleart.example/gallery/gallerytest/s3server"
	"invisibleart.example/gallery/vault/s3"
)

func TestOpenSaysWhatIsWrong(t *testing.T) {
	server := s3server.StartTLS(t)
	server.SessionToken = "the token"
	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.Write([]byte("<html>hello")) }))
	defer page.Close()
	for _, test := range []struct {
		name, want string
		change     func(url *string, o *s3.Options)
	}{
		{"another bucket", "no such bucket", func(url *string, _ *s3.Options) { *url = strings.Replace(*url, "works", "other", 1) }},
		{"another secret", "secret key does not fit", func(_ *string, o *s3.Options) { o.SecretKey += "x" }},
		{"another key", "does not know the access key", func(_ *string, o *s3.Options) { o.AccessKey = "AKIAOTHER" }},
		{"another token", "session token does not hold", func(_ *string, o *s3.Options) { o.SessionToken = "" }},
		{"another region", "the bucket is in eu-central-7", func(url *string, _ *s3.Options) { *url = strings.Replace(*url, "eu-central-7", "us-west-1", 1) }},
		{"no key", "needs an access key", func(_ *string, o *s3.Options) { o.AccessKey = "" }},
		{"no secret", "needs an access key", func(_ *string, o *s3.Options) { o.SecretKey = "" }},
		{"an unknown authority", "certificate", func(_ *string, o *s3.Options) { o.TLS = nil }},
		{"a web page", "open the bucket works", func(url *string, _ *s3.Options) {
			*url = "s3://works?region=x&endpoint=" + page.URL
		}},
	} {
		url, o := server.URL(), credentials(server)
		test.change(&url, &o)
		bucket, err := s3.Open(t.Context(), url, o)
		if err == nil {
			bucket.Close()
			t.Errorf("%s: got nil, want an error", test.name)
			continue
		}
		if text := err.Error(); !strings.Contains(text, test.want) || strings.Contains(text, server.SecretKey) || strings.Contains(text, "\n") {
			t.Errorf("%s: got %q, want a line with %q and no secret", test.name, text, test.want)
		}
	}
	t.Run("no region is asked for", func(t *testing.T) {
		bucket, err := s3.Open(t.Context(), strings.Replace(server.URL(), "region=eu-central-7", "region=", 1), credentials(server))
		if err != nil {
			t.Fatalf("open: %v", err)
		}
		defer bucket.Close()
		put(t, bucket, "work", []byte("x"))
	})
}

func TestOpenRefusesURLs(t *testing.T) {
	for _, url := range []string{
		"", "s3:", "s3://", "http://works", "/works", "s3:works", "s3://Works", "s3://wo_rks", "s3://w", "s3://works/../x", "s3://works/a//b",
		"s3://works/pré", "s3://AKIA:SECRET@works", "s3://works:SECRET@", "s3://works?secret=SECRET", "s3://works?%zz=SECRET", "s3://works#SECRET",
		"s3://works?endpoint=host", "s3://works?endpoint=ftp://host", "s3://works?endpoint=https://a:SECRET@host", "s3://works?endpoint=https://host/path",
		"s3://works?endpoint=https://host?SECRET", "s3://works?path-style=yes", "s3://works?region=a&region=b", "s3://works:SECRET",
	} {
		bucket, err := s3.Open(t.Context(), url, s3.Options{AccessKey: "AKIA", SecretKey: "SECRET"})
		if err == nil {
			bucket.Close()
			t.Errorf("%q: got nil, want an error", url)
		} else if strings.Contains(err.Error(), "SECRET") {
			t.Errorf("%q: the error quotes it: %v", url, err)
		} else if gallery.CodeOf(err) == gallery.Unavailable {
			t.Errorf("%q: got %v, want it refused before anything is asked", url, err)
		}
	}
}

func TestOpenWhileTheStoreIsAway(t *testing.T) {
	server := s3server.Start(t)
	server.Stop()
	begin := time.Now()
	_, err := s3.Open(t.Context(), server.URL(), credentials(server))
	wantUnavailable(t, err, "the store refuses connections")
	if took := time.Since(begin); took > 5*time.Second {
		t.Errorf("it took %v to say so", took)
	}
	server.Resume()
	put(t, open(t, server, credentials(server)), "work", []byte("x"))
}
