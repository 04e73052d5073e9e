package servers_test

import (
	"os"
	"testing"

	"invisibleart.example/gallery/gallerytest/servers"
)

func TestMain(m *testing.M) {
	status := m.Run()
	servers.Stop()
	os.Exit(status)
}
