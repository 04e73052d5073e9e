package api

// OpenAPI is the embedded document.
var OpenAPI = openapi

// Documents tries a document as New would.
func Documents(text []byte) error {
	_, _, err := documents(text, (&api{}).routes())
	return err
}
