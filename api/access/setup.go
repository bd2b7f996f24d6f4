package access

import (
	"context"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/gate"
	"github.com/gatehouse-iot/gatehouse/registry/deeds"
)

type setupState struct {
	Needed bool `json:"needed" doc:"Nobody can sign in yet: make the first administrator with POST /v1/setup."`
}

type setupInput struct {
	Body struct {
		Admin    string `json:"admin" minLength:"1" maxLength:"64" doc:"The administrator's sign-in name." example:"admin"`
		Password string `json:"password" minLength:"1" maxLength:"200" example:"correct-horse-battery"`
		FullName string `json:"full_name,omitempty" maxLength:"200" example:"Li Wei"`
		School   string `json:"school" minLength:"1" maxLength:"200" doc:"The school's name." example:"Riverside School"`
		Timezone string `json:"timezone" minLength:"1" maxLength:"64" doc:"IANA time zone." example:"Asia/Shanghai"`
		Language string `json:"language" enum:"en,zh-CN" doc:"What people see first." example:"en"`
	}
}

func (s *area) registerSetUp() {
	gate.Handle(s.Gate, gate.Endpoint{
		Method:  "GET",
		Path:    "/v1/setup",
		ID:      "setup-needed",
		Tag:     "Sign-in",
		Public:  true,
		Summary: "Is this a first run?",
		Example: "curl -fsS $GATEHOUSE_URL/v1/setup",
	}, s.setupNeeded)
	gate.Handle(s.Gate, gate.Endpoint{
		Method:   "POST",
		Path:     "/v1/setup",
		ID:       "set-up",
		Tag:      "Sign-in",
		Public:   true,
		Strict:   true,
		Conflict: true,
		Summary:  "Make the first administrator and school",
		Doc:      "Works once, while nobody can sign in yet, and signs the new administrator in.",
	}, s.setUp)
}

func (s *area) setupNeeded(ctx context.Context, _ *gate.None) (*gate.Body[setupState], error) {
	empty, err := s.reg.Access.Empty(ctx)
	return gate.Answer(setupState{empty}, err)
}

func (s *area) setUp(ctx context.Context, in *setupInput) (*signedIn, error) {
	empty, err := s.reg.Access.Empty(ctx)
	if err != nil {
		return nil, err
	}
	if !empty {
		return nil, deeds.IsSetUp()
	}
	if err := s.ownName(gate.RequestOf(ctx)); err != nil {
		return nil, err
	}
	b := in.Body
	if !gate.ValidTimezone(b.Timezone) {
		return nil, g.FieldErrorf("timezone",
			"%q is no IANA time zone; write it like Asia/Shanghai", b.Timezone)
	}
	if err := checkPassword(b.Password); err != nil {
		return nil, err
	}
	_, err = s.In(g.SystemScope("setup")).Deeds.SetUp(ctx, deeds.FirstRun{
		School: g.School{
			Kind:     g.KindSchool,
			Name:     b.School,
			Timezone: b.Timezone,
			Language: b.Language,
		},
		Admin: g.User{
			Name:     b.Admin,
			FullName: b.FullName,
			Role:     g.RoleAdmin,
			Language: b.Language,
		},
		Password: b.Password,
	})
	if err != nil {
		return nil, err
	}
	return s.welcome(ctx, b.Admin, b.Password)
}

// ownName refuses a first run under a host name that is not known to be the gateway's. By DNS
// rebinding another site's page could have the gateway's origin in the browser, and become the
// first administrator. An IP address, localhost and the configured name cannot be another site's.
func (s *area) ownName(r *http.Request) error {
	name := nameIn(r.Host)
	if _, err := netip.ParseAddr(name); err == nil || name == "localhost" {
		return nil
	}
	own, err := url.Parse(s.facts.Address)
	if err == nil && own.Host != "" && nameIn(own.Host) == name {
		return nil
	}
	return g.Errorf(g.Forbidden,
		"the gateway does not know the name %q as its own, and is not set up under it: open it by "+
			"its address, such as http://192.0.2.1:8080, or set http.base_url to that name",
		name)
}

// nameIn is the name or address of a host, without its port.
func nameIn(host string) string {
	if h, _, err := net.SplitHostPort(host); err == nil {
		host = h
	}
	host = strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
	return strings.ToLower(strings.TrimSuffix(host, "."))
}
