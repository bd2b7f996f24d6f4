package config

import (
	"fmt"
	"os"
	"strings"
)

// tokenEnv is the environment variable that holds the telemetry server's token
// if no file is configured.
const tokenEnv = "GATEHOUSE_TELEMETRY_TOKEN"

// TelemetryToken is the token for the telemetry server.
func (c *Config) TelemetryToken() (string, error) {
	if c.Telemetry.TokenFile == "" {
		return os.Getenv(tokenEnv), nil
	}
	file := c.Path(c.Telemetry.TokenFile)
	b, err := os.ReadFile(file)
	if err != nil {
		return "", fmt.Errorf("telemetry.token_file: %w", err)
	}
	text := strings.TrimSpace(string(b))
	if text == "" {
		return "", fmt.Errorf("telemetry.token_file: %s is empty; write the token into it", file)
	}
	return text, nil
}
