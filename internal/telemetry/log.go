package telemetry

import (
	"context"
	"errors"
	"log/slog"
	"regexp"

	"go.temporal.io/sdk/temporal"

	"studio-onboarding/internal/fault"
	"studio-onboarding/internal/tracing"
)

// DiscreetLog is a handler that names nobody: of the errors of AWS and Okta, whose texts name people, it logs the class and the operation,
// and of any other text it leaves out mail addresses. What went wrong in words is in the run: starter status.
func DiscreetLog(handler slog.Handler) slog.Handler { return discreet{handler} }

type discreet struct{ slog.Handler }

// Handle implements slog.Handler.
func (d discreet) Handle(ctx context.Context, record slog.Record) error {
	silent := slog.NewRecord(record.Time, record.Level, scrub(record.Message), record.PC)
	record.Attrs(func(attr slog.Attr) bool {
		silent.AddAttrs(silenced(attr))
		return true
	})
	return d.Handler.Handle(ctx, silent)
}

// WithAttrs implements slog.Handler.
func (d discreet) WithAttrs(attrs []slog.Attr) slog.Handler {
	silent := make([]slog.Attr, len(attrs))
	for i, attr := range attrs {
		silent[i] = silenced(attr)
	}
	return discreet{d.Handler.WithAttrs(silent)}
}

// WithGroup implements slog.Handler.
func (d discreet) WithGroup(name string) slog.Handler { return discreet{d.Handler.WithGroup(name)} }

func silenced(attr slog.Attr) slog.Attr {
	switch value := attr.Value.Resolve(); value.Kind() {
	case slog.KindGroup:
		members := make([]slog.Attr, 0, len(value.Group()))
		for _, member := range value.Group() {
			members = append(members, silenced(member))
		}
		return slog.Attr{Key: attr.Key, Value: slog.GroupValue(members...)}
	case slog.KindAny:
		if err, ok := value.Any().(error); ok {
			return slog.String(attr.Key, kindOf(err))
		}
	}
	return attr
}

// kindOf is what a log says of an error.
func kindOf(err error) string {
	var f *fault.Fault
	var application *temporal.ApplicationError
	switch {
	case errors.As(err, &f) && f.Operation != "":
		return string(f.Class) + ": " + f.Operation
	case f != nil, errors.As(err, &application):
		return tracing.ErrorType(err)
	}
	return scrub(err.Error())
}

var mail = regexp.MustCompile(`[^\s"'<>(),;:=/\\]+@[^\s"'<>(),;:=/\\]+\.[^\s"'<>(),;:=/\\]+`)

// scrub leaves mail addresses out of a text, which most logins are as well.
func scrub(text string) string { return mail.ReplaceAllString(text, "…") }
