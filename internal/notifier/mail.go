package notifier

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	netmail "net/mail"
	"net/textproto"
	"net/url"
	"strconv"

	"github.com/wneessen/go-mail"

	"studio-onboarding/internal/fault"
	"studio-onboarding/onboarding"
)

const (
	mailServer   = "NOTIFY_MAIL_SERVER"
	mailPassword = "NOTIFY_MAIL_PASSWORD"
	mailFrom     = "NOTIFY_MAIL_FROM"
	mailTo       = "NOTIFY_MAIL_TO"
)

// mailbox sends mail through a server, encrypted unless the server is this machine.
type mailbox struct {
	server     server
	password   string
	from       string
	recipients []string
}

// server is a mail server: smtp://user@host:587 (STARTTLS) or smtps://user@host:465.
type server struct {
	host, user string
	port       int
	tls        bool
}

func mailTarget(env environment, _ *http.Client) (*Target, error) {
	address, password := env.setting(mailServer), env.setting(mailPassword)
	from, to := env.setting(mailFrom), env.setting(mailTo)
	if !address.isSet() && !password.isSet() && !from.isSet() && !to.isSet() {
		return nil, nil
	}
	box := &mailbox{}
	var wrong []error
	check := func(s setting, read func(string) error) {
		if !s.isSet() {
			wrong = append(wrong, s.wrong(errors.New("is not set")))
		} else if err := read(s.text()); err != nil {
			wrong = append(wrong, s.wrong(err))
		}
	}
	check(address, func(text string) (err error) { box.server, err = parseServer(text); return err })
	check(from, func(text string) error { box.from = text; _, err := addresses(text); return err })
	check(to, func(text string) (err error) { box.recipients, err = addresses(text); return err })
	switch {
	case box.server.user != "" && !password.isReference():
		wrong = append(wrong, password.wrong(fmt.Errorf("has to be a reference (env:, file: or aws-sm:), as %s names a user", mailServer)))
	case box.server.user == "" && password.isSet() && len(wrong) == 0:
		wrong = append(wrong, password.wrong(fmt.Errorf("is set, but %s names no user: write it as smtp://user@host:587", mailServer)))
	case password.isSet():
		if err := password.valid(anything); err != nil {
			wrong = append(wrong, err)
		}
	}
	if len(wrong) > 0 {
		return nil, errors.Join(wrong...)
	}
	return &Target{name: "mail", open: func(ctx context.Context) (channel, error) {
		opened := *box
		if password.isSet() {
			var err error
			if opened.password, err = password.read(ctx, anything); err != nil {
				return nil, err
			}
		}
		return &opened, nil
	}}, nil
}

func anything(string) error { return nil }

func parseServer(text string) (server, error) {
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || u.Scheme != "smtp" && u.Scheme != "smtps" {
		return server{}, errors.New("is not of the form smtp://user@host:587 or smtps://user@host:465")
	}
	if _, has := u.User.Password(); has {
		return server{}, fmt.Errorf("holds a password; that belongs behind %s", mailPassword)
	}
	s := server{host: u.Hostname(), user: u.User.Username(), tls: u.Scheme == "smtps", port: mail.DefaultPortTLS}
	if s.tls {
		s.port = mail.DefaultPortSSL
	}
	if u.Port() != "" {
		if s.port, err = strconv.Atoi(u.Port()); err != nil {
			return server{}, errors.New("has no number as its port")
		}
	}
	return s, nil
}

func addresses(text string) ([]string, error) {
	parsed, err := netmail.ParseAddressList(text)
	if err != nil {
		return nil, errors.New("is no list of mail addresses, separated by commas")
	}
	list := make([]string, 0, len(parsed))
	for _, address := range parsed {
		list = append(list, address.String())
	}
	return list, nil
}

func (m *mailbox) where() string {
	recipients := "1 address"
	if len(m.recipients) != 1 {
		recipients = fmt.Sprintf("%d addresses", len(m.recipients))
	}
	return m.server.host + ", to " + recipients
}

func (m *mailbox) send(ctx context.Context, notice onboarding.Notice) error {
	message := mail.NewMsg(mail.WithNoDefaultUserAgent())
	if err := errors.Join(message.From(m.from), message.To(m.recipients...)); err != nil {
		return fault.New(fault.Invalid, "worker", "", "%s or %s is refused", mailFrom, mailTo).WithRemedy("%s", remedySetting)
	}
	message.Subject(notice.Title)
	message.SetDateWithValue(notice.At)
	// The same for each attempt, so that mailboxes can tell repetitions.
	message.SetMessageIDWithValue(webhookID(notice.Key) + "@studio-onboarding.invalid")
	text := notice.Text + "\n"
	for _, more := range []string{notice.Command, notice.Link} {
		if more != "" {
			text += "\n    " + more + "\n"
		}
	}
	message.SetBodyString(mail.TypeTextPlain, text)

	client, err := mail.NewClient(m.server.host, m.options()...)
	if err != nil {
		return fault.New(fault.Invalid, "worker", "", "%s is refused", mailServer).WithRemedy("%s", remedySetting)
	}
	connected, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return m.classified(err)
	}
	err = client.SendWithSMTPClient(connected, message)
	// The mail is with the server or not; how the connection ends changes nothing about it.
	_ = client.CloseWithSMTPClient(connected)
	return m.classified(err)
}

func (m *mailbox) options() []mail.Option {
	options := []mail.Option{mail.WithPort(m.server.port), mail.WithTimeout(patience), mail.WithHELO("studio-onboarding.invalid")}
	switch {
	case m.server.tls:
		options = append(options, mail.WithSSL())
	case loopback(m.server.host):
		options = append(options, mail.WithTLSPolicy(mail.TLSOpportunistic))
	default:
		options = append(options, mail.WithTLSPolicy(mail.TLSMandatory))
	}
	if m.server.user != "" {
		options = append(options, mail.WithSMTPAuth(mail.SMTPAuthAutoDiscover), mail.WithUsername(m.server.user), mail.WithPassword(m.password))
	}
	return options
}

// classified makes a fault of what the mail failed with. The server's own words may repeat addresses, so that only its code is
// shown.
func (m *mailbox) classified(err error) error {
	var refused *mail.SendError
	var answer *textproto.Error
	var network net.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &refused) && refused.ErrorCode() > 0:
		return m.refused(refused.ErrorCode(), err)
	case errors.As(err, &answer):
		return m.refused(answer.Code, err)
	case errors.As(err, &refused), errors.As(err, &network), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF),
		errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		f := fault.New(fault.Unavailable, "worker", "", "the mail server %s cannot be reached, or hung up", m.server.host).
			WithRemedy("See whether the worker may reach it at port %d, and whether it answers.", m.server.port)
		f.Err = err
		return f
	}
	f := fault.New(fault.Invalid, "worker", "", "the mail server %s cannot be used: %v", m.server.host, err).
		WithRemedy("See whether %s has the right scheme, user and port.", mailServer)
	f.Err = err
	return f
}

// refused classifies a code of the mail server: those from 400 to 499 pass by themselves.
func (m *mailbox) refused(code int, err error) error {
	const permanent, authentication, wrongPassword = 500, 530, 535
	class, remedy := fault.Invalid, "See whether "+mailFrom+" and "+mailTo+" are right, and whether the server takes mail of this user."
	switch {
	case code < permanent:
		class, remedy = fault.Unavailable, "See whether it works."
	case code >= authentication && code <= wrongPassword:
		class, remedy = fault.Denied, "See whether the user in "+mailServer+" and the password behind "+mailPassword+" are right."
	}
	f := fault.New(class, "worker", "", "the mail server %s answered with code %d", m.server.host, code).WithRemedy("%s", remedy)
	f.Err = err
	return f
}
