package arqonbus

import (
	"bytes"
	"encoding/json"
	"strings"
)

const binaryType = "application/octet-stream"

// encodePayload readies what the caller publishes: []byte stays bytes, everything else is written as JSON.
func encodePayload(payload any, contentType string) ([]byte, string, error) {
	raw, isBytes := payload.([]byte)
	switch {
	case isBytes && contentType == "":
		return raw, binaryType, nil
	case isBytes && isJSON(contentType) && !json.Valid(raw):
		return nil, "", invalid("The bytes given as " + contentType + " are not JSON.")
	case isBytes:
		return raw, contentType, nil
	case contentType != "" && !isJSON(contentType):
		return nil, "", invalid("A payload of type " + contentType + " must be given as []byte.")
	}
	text, err := encodeJSON(payload)
	return text, contentType, err
}

func encodeJSON(value any) ([]byte, error) {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, &Error{Code: CodeValidationError, Message: "The value cannot be written as JSON.", cause: err}
	}
	return bytes.TrimSuffix(buffer.Bytes(), []byte("\n")), nil
}

// isJSON tells whether payloads of this type are JSON values.
func isJSON(contentType string) bool {
	name, _, _ := strings.Cut(contentType, ";")
	name = strings.ToLower(strings.TrimSpace(name))
	return name == "" || name == "application/json" || strings.HasSuffix(name, "+json")
}
