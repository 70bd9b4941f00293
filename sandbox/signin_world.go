package sandbox

// signIn takes one person from the Okta dashboard to Studio.
func (w *World) signIn(in SignInInput) SignInResult {
	d := door{okta: w.okta, aws: w.aws}
	for _, domain := range w.aws.Domains() {
		d.domains = append(d.domains, studioDomain{id: domain.ID, status: domain.Status, url: domain.URL, applicationARN: domain.ApplicationARN})
	}
	return d.open(in)
}
