package loadtest_test

import (
	"testing"

	"invisibleart.example/gallery/gallerytest"
)

func TestMain(m *testing.M) { gallerytest.VerifyMain(m) }
