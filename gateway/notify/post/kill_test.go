package post_test

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	gosmtp "github.com/emersion/go-smtp"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/gateway/notify/post"
	"github.com/gatehouse-iot/gatehouse/gateway/notify/sms"
	"github.com/gatehouse-iot/gatehouse/gateway/notify/smtp"
	"github.com/gatehouse-iot/gatehouse/registry"
	"github.com/gatehouse-iot/gatehouse/registry/messages"
)

// folder names the environment variable by which this test's program becomes a queue that sends from
// that folder until it is killed.
const folder = "GATEHOUSE_POST_FROM"

func TestMain(m *testing.M) {
	if dir := os.Getenv(folder); dir != "" {
		if err := sendFrom(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

func openIn(dir string) (*registry.Registry, error) {
	return registry.Open(context.Background(), registry.Options{
		Dir:       dir,
		MasterKey: bytes.Repeat([]byte{7}, 32),
		Now:       time.Now,
	})
}

func sendFrom(dir string) error {
	reg, err := openIn(dir)
	if err != nil {
		return err
	}
	return post.New(post.Options{
		Registry: reg,
		Kinds:    []post.Kind{smtp.Kind(), sms.Kind()},
		Private:  true,
		Now:      time.Now,
		Logger:   slog.New(slog.NewTextHandler(os.Stderr, nil)),
	}).Run(context.Background())
}

// The queue is killed again and again amid a broadcast of which every tenth address is refused, so
// that SMS follows: everybody is told, and whoever is told twice by a channel is so under one ID, by
// which the channel can tell. GATEHOUSE_POST_LETTERS sets how many there are.
func TestKilledAmidABroadcast(t *testing.T) {
	n := 500
	if more, err := strconv.Atoi(os.Getenv("GATEHOUSE_POST_LETTERS")); err == nil {
		n = more
	}
	mails := &letters{answer: func(to string, _ int) error {
		if strings.HasPrefix(to, "gone") {
			return &gosmtp.SMTPError{Code: 550, EnhancedCode: gosmtp.EnhancedCode{5, 1, 1}, Message: "nobody"}
		}
		return nil
	}}
	settings := serve(t, mails)
	phones := serveSMS(t)
	dir := t.TempDir()
	id := broadcastIn(t, dir, n, settings, phones)
	kills, every := 0, n/8
	for told := 0; told < n; {
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), folder+"="+dir)
		cmd.Stderr = os.Stderr
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		until := min(n, told+every)
		eventually(t, "further people are told", func() bool { return reachedBy(mails, phones) >= until })
		if err := cmd.Process.Kill(); err != nil { // SIGKILL: nothing is written any more
			t.Fatal(err)
		}
		_ = cmd.Wait() // it was killed
		kills++
		told = reachedBy(mails, phones)
	}
	byMail, mailTwice := idsOf(mails.to, messageIDs(mails))
	bySMS, smsTwice := idsOf(phones.to, phones.ids)
	if len(byMail) != n-n/10 || len(bySMS) != n/10 {
		t.Errorf("got %d told by mail and %d by SMS, want %d and %d", len(byMail), len(bySMS), n-n/10, n/10)
	}
	for to, ids := range byMail {
		if len(ids) != 1 {
			t.Errorf("%s got %v, want one ID by which a mailbox can tell", to, ids)
		}
	}
	for to, ids := range bySMS {
		if len(ids) != 1 {
			t.Errorf("%s got %v, want one ID by which the gateway can tell", to, ids)
		}
	}
	t.Logf("%s: %d told, %d kills; came again under their own ID: %d mails, %d SMS", id, n, kills, mailTwice,
		smsTwice)
	if most := 16 * kills; mailTwice+smsTwice > most {
		t.Errorf("got %d letters that came again, want at most %d: what was on its way at a kill",
			mailTwice+smsTwice, most)
	}
}

// broadcastIn makes a school with a broadcast to n people in a folder, and closes it.
func broadcastIn(t *testing.T, dir string, n int, mail map[string]string, phones *texts) g.MessageID {
	t.Helper()
	reg, err := openIn(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer reg.Close()
	v := reg.In(g.SystemScope("test"))
	made, err := v.Places.CreateSchool(t.Context(),
		g.School{Kind: g.KindSchool, Name: "Riverside", Timezone: "Asia/Shanghai", Language: "en"})
	if err != nil {
		t.Fatal(err)
	}
	s := &school{t: t, reg: reg, v: v, id: made.ID}
	for kind, c := range map[string][2]map[string]string{
		"smtp": {mail, nil},
		"sms":  {phones.settings, phones.secrets},
	} {
		if _, err := v.Messages.CreateChannel(t.Context(), messages.Channel{
			School:   s.id,
			Kind:     kind,
			Name:     kind,
			Settings: c[0],
		}, c[1]); err != nil {
			t.Fatal(err)
		}
	}
	var to []messages.To
	for i := range n {
		name := "p"
		if i%10 == 0 {
			name = "gone"
		}
		to = append(to, messages.To{Person: s.person("P",
			email(fmt.Sprintf("%s%d@school.example", name, i)),
			messages.ContactAddress{Way: messages.SMS, Value: strconv.Itoa(13_800_000_000 + i)})})
	}
	return s.send(messages.Message{
		ID:     "msg_storm",
		Lane:   messages.Bulk,
		Kind:   "broadcast",
		Params: map[string]string{"subject": "Closed", "text": "Closed at noon"},
		Steps:  []messages.Step{{Ways: []messages.Way{messages.Email}}, {Ways: []messages.Way{messages.SMS}}},
	}, to...)
}

func messageIDs(s *letters) (ids []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, m := range s.got {
		ids = append(ids, m.Header.Get("Message-Id"))
	}
	return ids
}

// idsOf gathers the IDs under which each address was told, and counts what came again.
func idsOf(to, ids []string) (by map[string]map[string]bool, again int) {
	by = map[string]map[string]bool{}
	for i := range ids {
		if by[to[i]] == nil {
			by[to[i]] = map[string]bool{}
		}
		if by[to[i]][ids[i]] {
			again++
		}
		by[to[i]][ids[i]] = true
	}
	return by, again
}

// reachedBy counts the people who were told by either channel.
func reachedBy(mails *letters, phones *texts) int {
	mails.mu.Lock()
	m, _ := idsOf(mails.to, mails.to)
	mails.mu.Unlock()
	phones.mu.Lock()
	p, _ := idsOf(phones.to, phones.to)
	phones.mu.Unlock()
	return len(m) + len(p)
}
