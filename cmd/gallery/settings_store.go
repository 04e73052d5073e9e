package main

import (
	"errors"
	"fmt"
	"os"
	"strings"

	"invisibleart.example/gallery/node"
	"invisibleart.example/gallery/vault/s3"
)

// storeSettings is where the gallery's rows lie, for every command that touches
// them.
type storeSettings struct {
	Data     string `env:"GALLERY_DATA" default:"${data}" placeholder:"DIR" help:"Where everything is kept that is not said to be elsewhere (${default})."`
	Database string `env:"GALLERY_DATABASE" placeholder:"URL" help:"PostgreSQL in place of a file in --data: postgres://user:password@host:5432/name. Needed for more than one node."`
}

// config is what a command beside a server needs to know of it.
func (s storeSettings) config() node.Config {
	return node.Config{Data: s.Data, Database: s.Database}
}

// tokenSettings is the key that tokens are signed with.
type tokenSettings struct {
	JWTKey     string `name:"jwt-key" env:"GALLERY_JWT_KEY" placeholder:"KEY" help:"What tokens are signed with: a text of at least 32 bytes, or several as id:text,id:text, of which the first signs. Made at the first start when not given, unless there is a --database."`
	JWTKeyFile string `name:"jwt-key-file" env:"GALLERY_JWT_KEY_FILE" placeholder:"FILE" help:"A file that holds it."`
}

func (t tokenSettings) into(c *node.Config) (err error) {
	c.JWTKey, err = keyText("jwt-key", t.JWTKey, t.JWTKeyFile)
	return err
}

// masterSettings is the key that works are sealed with.
type masterSettings struct {
	MasterKey     string `env:"GALLERY_MASTER_KEY" placeholder:"KEY" help:"What works are sealed with, in the form of --jwt-key. Made at the first start when not given, unless there is a --database."`
	MasterKeyFile string `env:"GALLERY_MASTER_KEY_FILE" placeholder:"FILE" help:"A file that holds it."`
}

func (m masterSettings) into(c *node.Config) (err error) {
	c.MasterKey, err = keyText("master-key", m.MasterKey, m.MasterKeyFile)
	return err
}

// worksSettings is where the sealed works lie and what they are sealed with.
type worksSettings struct {
	masterSettings
	Blobs          string `env:"GALLERY_BLOBS" placeholder:"DIR|URL" help:"Where sealed works are kept in place of --data: a directory that all nodes share, or s3://bucket/prefix?endpoint=https://host."`
	S3AccessKey    string `name:"s3-access-key" env:"AWS_ACCESS_KEY_ID" placeholder:"ID" help:"Who opens the bucket."`
	S3SecretKey    string `name:"s3-secret-key" env:"AWS_SECRET_ACCESS_KEY" placeholder:"KEY" help:"The secret that belongs to it."`
	S3SessionToken string `name:"s3-session-token" env:"AWS_SESSION_TOKEN" placeholder:"TOKEN" help:"And the token, for temporary credentials."`
}

func (w worksSettings) into(c *node.Config) error {
	c.Blobs = w.Blobs
	c.S3 = s3.Options{AccessKey: w.S3AccessKey, SecretKey: w.S3SecretKey, SessionToken: w.S3SessionToken}
	return w.masterSettings.into(c)
}

// keyText is a key that was given itself or as the name of a file. Who may read
// such a file is its owner's decision: what mounts secrets into containers has
// ideas of its own.
func keyText(flag, key, file string) (string, error) {
	if file == "" {
		return key, nil
	}
	if key != "" {
		return "", fmt.Errorf("--%s and --%s-file exclude each other", flag, flag)
	}
	content, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("--%s-file: %w", flag, err)
	}
	if key = strings.TrimSpace(string(content)); key == "" {
		return "", fmt.Errorf("--%s-file: %w", flag, errors.New("the file is empty"))
	}
	return key, nil
}
