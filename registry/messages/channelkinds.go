package messages

import "time"

// ChannelField is one setting of a kind of channel.
type ChannelField struct {
	Name    string   `json:"name"`
	Secret  bool     `json:"secret"`
	Needed  bool     `json:"needed"`
	Options []string `json:"options,omitempty"` // the values that it takes; empty: any
}

// ChannelKind is a kind of channel that the gateway has.
type ChannelKind struct {
	Kind      string         `json:"kind"`
	Way       Way            `json:"way"`
	PerMinute int            `json:"per_minute"` // how many letters the other side takes a minute; 0: any number
	Fields    []ChannelField `json:"fields" nullable:"false"`
}

// ChannelHealth is what is known of a channel since the gateway started.
type ChannelHealth struct {
	Sent      int       `json:"sent"`
	Failed    int       `json:"failed"`
	LastSent  time.Time `json:"last_sent,omitzero"`
	LastError string    `json:"last_error,omitempty"`
	ErrorAt   time.Time `json:"error_at,omitzero"`
	Rests     time.Time `json:"rests_until,omitzero"` // nothing is sent before
}
