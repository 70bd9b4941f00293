package awsworld

// The quotas of SageMaker that matter for Studio.
const (
	quotaDomains  = "L-B683BCB0"
	quotaProfiles = "L-AC46C40F"
	quotaSpaces   = "L-8E5333B4"
)

// quota is a service quota of an account. Those without an applied value answer only to GetAWSDefaultServiceQuota.
type quota struct {
	ordinal
	code, name string
	// value is the applied one, standard the one that every account begins with.
	value, standard float64
	applied         bool
}

func (w *World) seedQuotas(a *account, people int) {
	add := func(code, name string, value float64, applied bool) {
		a.quotas = append(a.quotas, &quota{ordinal: ordinal(w.next()), code: code, name: name, value: value, standard: value, applied: applied})
	}
	add(quotaDomains, "Total domains", 10, true)
	add(quotaProfiles, "Maximum number of Studio user profiles allowed per account", float64(max(1000, 10*people)), true)
	add(quotaSpaces, "Maximum number of Studio spaces allowed per account", 200, false)
}

func (a *account) quota(code string) *quota {
	for _, q := range a.quotas {
		if q.code == code {
			return q
		}
	}
	return nil
}

// exceeded is SageMaker's answer when a quota is used up.
func (a *account) exceeded(code, noun string, used int) error {
	q := a.quota(code)
	if float64(used) < q.value {
		return nil
	}
	return failure("ResourceLimitExceeded", "The account-level service limit '%s' is %d %s, with current utilization of %d %s and a request delta of 1 %s. "+
		"Please use AWS Service Quotas to request an increase for this quota. If AWS Service Quotas is not available, contact AWS support to request an increase for this quota.",
		q.name, int(q.value), noun, used, noun, noun)
}

func (w *World) quotaOperations() map[string]handler {
	return map[string]handler{
		"GetServiceQuota":                               on((*call).getServiceQuota),
		"GetAWSDefaultServiceQuota":                     on((*call).getDefaultServiceQuota),
		"ListServiceQuotas":                             on((*call).listServiceQuotas),
		"ListAWSDefaultServiceQuotas":                   on((*call).listDefaultQuotas),
		"ListServices":                                  on((*call).listQuotaServices),
		"ListTagsForResource":                           on((*call).listQuotaTags),
		"RequestServiceQuotaIncrease":                   on((*call).requestIncrease),
		"GetRequestedServiceQuotaChange":                on((*call).getIncrease),
		"ListRequestedServiceQuotaChangeHistory":        on((*call).listIncreases),
		"ListRequestedServiceQuotaChangeHistoryByQuota": on((*call).listIncreases),
	}
}

type quotaInput struct {
	ServiceCode, QuotaCode, NextToken, RequestId, Status, ResourceARN string
	DesiredValue                                                      float64
	MaxResults                                                        int
}

type quotaOutput struct {
	ServiceCode, ServiceName, QuotaArn, QuotaCode, QuotaName string
	Value                                                    float64
	Unit                                                     string
	Adjustable, GlobalQuota                                  bool
}

func (c *call) quotaOutput(q *quota) quotaOutput {
	return quotaOutput{
		ServiceCode: "sagemaker", ServiceName: "Amazon SageMaker", QuotaCode: q.code, QuotaName: q.name, Value: q.value, Unit: "None", Adjustable: true,
		QuotaArn: c.world.arn("servicequotas", c.region, c.account, "sagemaker/"+q.code),
	}
}

func (c *call) getServiceQuota(in quotaInput) (any, error) {
	c.quotas()
	if q := c.world.accounts[c.account].quota(in.QuotaCode); in.ServiceCode == "sagemaker" && q != nil && q.applied {
		return struct{ Quota quotaOutput }{c.quotaOutput(q)}, nil
	}
	return nil, failure("NoSuchResourceException", "The request failed because the specified service quota does not exist.")
}

func (c *call) getDefaultServiceQuota(in quotaInput) (any, error) {
	if q := c.world.accounts[c.account].quota(in.QuotaCode); in.ServiceCode == "sagemaker" && q != nil {
		out := c.quotaOutput(q)
		out.Value = q.standard
		return struct{ Quota quotaOutput }{out}, nil
	}
	return nil, failure("NoSuchResourceException", "The request failed because the specified service quota does not exist.")
}

func (c *call) listServiceQuotas(in quotaInput) (any, error) {
	if in.ServiceCode != "sagemaker" {
		return nil, failure("NoSuchResourceException", "The request failed because the specified service does not exist.")
	}
	var applied []*quota
	for _, q := range c.quotas() {
		if q.applied && (in.QuotaCode == "" || in.QuotaCode == q.code) {
			applied = append(applied, q)
		}
	}
	cut, next, err := page(c, applied, in.MaxResults, 100, in.NextToken)
	out := struct {
		Quotas    []quotaOutput
		NextToken string `json:",omitempty"`
	}{Quotas: []quotaOutput{}, NextToken: next}
	for _, q := range cut {
		out.Quotas = append(out.Quotas, c.quotaOutput(q))
	}
	return out, err
}
