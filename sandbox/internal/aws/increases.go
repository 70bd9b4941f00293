package awsworld

import "time"

// increaseDelay is how long AWS takes to grant a modest increase; larger ones go to a person.
const increaseDelay = 15 * time.Minute

// increase is a request for more of a quota.
type increase struct {
	ordinal
	id, region, requester string
	quota                 *quota
	desired               float64
	created, due          time.Time
	granted               bool
}

// quotas are those of the account, with the increases that have been granted meanwhile.
func (c *call) quotas() []*quota {
	a := c.world.accounts[c.account]
	for _, i := range a.increases {
		if !i.granted && !c.world.clock.Now().Before(i.due) {
			i.granted, i.quota.value, i.quota.applied = true, i.desired, true
		}
	}
	return a.quotas
}

type increaseOutput struct {
	Id, ServiceCode, ServiceName, QuotaCode, QuotaName, Status, Requester, QuotaArn, Unit string
	DesiredValue                                                                          float64
	Created, LastUpdated                                                                  stamp
	GlobalQuota                                                                           bool
}

func (c *call) increaseOutput(i *increase) increaseOutput {
	q := c.quotaOutput(i.quota)
	out := increaseOutput{
		Id: i.id, ServiceCode: q.ServiceCode, ServiceName: q.ServiceName, QuotaCode: q.QuotaCode, QuotaName: q.QuotaName, Status: "PENDING", Requester: i.requester,
		QuotaArn: q.QuotaArn, Unit: q.Unit, DesiredValue: i.desired, Created: stamp{i.created}, LastUpdated: stamp{i.created},
	}
	if i.granted {
		out.Status, out.LastUpdated = "APPROVED", stamp{i.due}
	}
	return out
}

func (c *call) requestIncrease(in quotaInput) (any, error) {
	c.quotas()
	a := c.world.accounts[c.account]
	q := a.quota(in.QuotaCode)
	switch {
	case in.ServiceCode != "sagemaker" || q == nil:
		return nil, failure("NoSuchResourceException", "The request failed because the specified service quota does not exist.")
	case in.DesiredValue <= q.value:
		return nil, failure("IllegalArgumentException", "You must provide a quota value greater than the current quota value.")
	case find(a.increases, func(i *increase) bool { return i.quota == q && !i.granted }) != nil:
		return nil, failure("ResourceAlreadyExistsException", "Only one open service quota increase request is allowed per quota.")
	}
	w := c.world
	i := &increase{
		ordinal: ordinal(w.next()), id: w.digest(32, "increase", c.account, q.code), region: c.region, quota: q, desired: in.DesiredValue,
		requester: `{"accountId":"` + c.account + `","callerArn":"` + c.principal.arn + `"}`, created: w.clock.Now(), due: w.clock.Due(increaseDelay),
	}
	a.increases = append(a.increases, i)
	c.effect = created
	return struct{ RequestedQuota increaseOutput }{c.increaseOutput(i)}, nil
}

func (c *call) getIncrease(in quotaInput) (any, error) {
	c.quotas()
	i := find(c.world.accounts[c.account].increases, func(i *increase) bool { return i.id == in.RequestId })
	if i == nil {
		return nil, failure("NoSuchResourceException", "The request failed because the specified quota increase request does not exist.")
	}
	return struct{ RequestedQuota increaseOutput }{c.increaseOutput(i)}, nil
}

func (c *call) listIncreases(in quotaInput) (any, error) {
	c.quotas()
	var matching []*increase
	for _, i := range c.world.accounts[c.account].increases {
		if (in.ServiceCode == "" || in.ServiceCode == "sagemaker") && (in.QuotaCode == "" || in.QuotaCode == i.quota.code) &&
			(in.Status == "" || in.Status == c.increaseOutput(i).Status) {
			matching = append(matching, i)
		}
	}
	cut, next, err := page(c, matching, in.MaxResults, 100, in.NextToken)
	out := struct {
		RequestedQuotas []increaseOutput
		NextToken       string `json:",omitempty"`
	}{RequestedQuotas: []increaseOutput{}, NextToken: next}
	for _, i := range cut {
		out.RequestedQuotas = append(out.RequestedQuotas, c.increaseOutput(i))
	}
	return out, err
}

func (c *call) listDefaultQuotas(in quotaInput) (any, error) {
	if in.ServiceCode != "sagemaker" {
		return nil, failure("NoSuchResourceException", "The request failed because the specified service does not exist.")
	}
	cut, next, err := page(c, c.quotas(), in.MaxResults, 100, in.NextToken)
	out := struct {
		Quotas    []quotaOutput
		NextToken string `json:",omitempty"`
	}{Quotas: []quotaOutput{}, NextToken: next}
	for _, q := range cut {
		shown := c.quotaOutput(q)
		shown.Value = q.standard
		out.Quotas = append(out.Quotas, shown)
	}
	return out, err
}

type quotaService struct{ ServiceCode, ServiceName string }

func (c *call) listQuotaServices(quotaInput) (any, error) {
	return struct{ Services []quotaService }{[]quotaService{{"sagemaker", "Amazon SageMaker"}}}, nil
}

func (c *call) listQuotaTags(quotaInput) (any, error) {
	return struct{ Tags []tag }{[]tag{}}, nil
}
