package main

import (
	"context"
	"os"

	g "github.com/gatehouse-iot/gatehouse"
	"github.com/gatehouse-iot/gatehouse/api/texts"
	"github.com/gatehouse-iot/gatehouse/deploy"
	"github.com/gatehouse-iot/gatehouse/gateway/fleet"
	"github.com/gatehouse-iot/gatehouse/gateway/rulesdesk"
)

func askRules(ctx context.Context, c *call) error {
	if len(c.args) == 0 {
		return errUsage{g.Errorf(g.Invalid, "%s wanted after the options, not %d", words(2), 0)}
	}
	deed := c.args[0]
	if deed != "-h" {
		c.args = c.args[1:]
	}
	l := texts.Locale(os.Getenv)
	switch deed {
	case "backtest":
		return backtestRule(ctx, c, l)
	case "explain":
		at := c.flags.String("at", "", "the `MOMENT` of the past, such as \"2026-09-01 02:14\"")
		dir, err := dataDir(c, 1, 2)
		if err != nil {
			return err
		}
		return rulesdesk.Explain(ctx, c.out, c.errout, l, dir, c.flags.Arg(0), c.flags.Arg(1), *at)
	case "templates":
		return ruleTemplates(ctx, c, l)
	case "-h", "check", "test":
		if err := c.parse(1, 1000); err != nil {
			return err
		}
		profiles, err := fleet.Shipped(deploy.Files(), "profiles")
		if err != nil {
			return err
		}
		if deed == "test" {
			return rulesdesk.Test(c.out, l, profiles, c.flags.Args()...)
		}
		return rulesdesk.Check(c.out, profiles, c.flags.Args()...)
	}
	return errUsage{g.Errorf(g.Invalid, "%q is no deed; use check, test, backtest, explain or templates", deed)}
}

func backtestRule(ctx context.Context, c *call, l texts.Language) error {
	var past rulesdesk.Past
	c.flags.StringVar(&past.Since, "since", "7d", "how far `BACK` it looks, such as 7d or 36h")
	c.flags.StringVar(&past.School, "school", "", "the `ID` of the school whose past it is")
	dir, err := dataDir(c, 1, 1)
	if err != nil {
		return err
	}
	b, err := os.ReadFile(c.flags.Arg(0))
	if err != nil {
		return err
	}
	return rulesdesk.Backtest(ctx, c.out, c.errout, l, dir, string(b), past)
}

func ruleTemplates(ctx context.Context, c *call, l texts.Language) error {
	if len(c.args) == 0 {
		return errUsage{g.Errorf(g.Invalid, "%q is no deed; use list, export or import", "")}
	}
	deed := c.args[0]
	c.args = c.args[1:]
	switch deed {
	case "list":
		dir, err := dataDir(c, 0, 0)
		if err != nil {
			return err
		}
		return rulesdesk.ListTemplates(ctx, c.out, l, dir)
	case "export":
		dir, err := dataDir(c, 0, 1)
		if err != nil {
			return err
		}
		return rulesdesk.ExportTemplates(ctx, c.out, l, dir, c.flags.Arg(0))
	case "import":
		dry := c.flags.Bool("dry-run", false, "say what would be done, and do nothing")
		school := c.flags.String("school", "", "the `ID` of the school whose rules they become")
		dir, err := dataDir(c, 1, 1)
		if err != nil {
			return err
		}
		b, err := os.ReadFile(c.flags.Arg(0))
		if err != nil {
			return err
		}
		return rulesdesk.Import(ctx, c.out, l, dir, string(b), *school, *dry)
	}
	return errUsage{g.Errorf(g.Invalid, "%q is no deed; use list, export or import", deed)}
}
