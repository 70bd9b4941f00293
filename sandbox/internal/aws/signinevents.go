package awsworld

// The events of people's sign-ins, and how they proved who they are (IAM Identity Center User Guide, "Understanding IAM Identity
// Center sign-in events").
const (
	signInSource     = "signin.amazonaws.com"
	assertionEvent   = "ExternalIdPDirectoryLogin"
	signedInEvent    = "UserAuthentication"
	externalIdP      = "EXTERNAL_IDP"
	passwordOfPerson = "PASSWORD"
)

// signInEvent is what the event of a sign-in says besides what all events say. One is shared by the events of an attempt.
type signInEvent struct {
	// userID is who signed in, in which store; both are empty when nobody did.
	userID, store string
	credential    string
	// refusal is why an assertion was refused.
	refusal string
}

// signInKind is the kind of an event of signing in at an instance.
func (i *instance) signInKind(name string) eventKind {
	return eventKind{signInSource, name, i.owner, i.region}
}

// describe adds to an event's JSON. An assertion that was refused names nobody: Identity Center does not know who that was.
func (s *signInEvent) describe(record map[string]any, e *event) {
	record["requestParameters"], record["responseElements"] = nil, nil
	record["eventType"], record["eventCategory"], record["managementEvent"] = "AwsServiceEvent", "Management", true
	result := "Success"
	identity := map[string]any{"type": "Unknown", "accountId": e.account}
	if s.refusal != "" {
		result, record["errorMessage"] = "Failure", s.refusal
	} else {
		identity["type"] = "IdentityCenterUser"
		identity["onBehalfOf"] = map[string]string{"userId": s.userID, "identityStoreArn": storeARN(e.account, e.region, s.store)}
		record["additionalEventData"] = map[string]string{"CredentialType": s.credential, "UserName": e.user}
	}
	record["userIdentity"] = identity
	if e.name == assertionEvent {
		record["responseElements"] = map[string]string{assertionEvent: result}
		return
	}
	record["serviceEventDetails"] = map[string]string{e.name: result}
}

// RecordSignIn leaves the events of a person who got as far as Identity Center lets people in, in the account and the primary
// Region of the instance.
func (w *World) RecordSignIn(userID string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	i := w.organizationInstance()
	if i == nil || i.directory.byID[userID] == nil {
		return
	}
	u := i.directory.byID[userID]
	about := &signInEvent{userID: u.id, store: i.directory.id, credential: passwordOfPerson}
	if i.trust != nil {
		about.credential = externalIdP
		w.addEvent(i.signInKind(assertionEvent), &event{user: u.UserName, signIn: about})
	}
	w.addEvent(i.signInKind(signedInEvent), &event{user: u.UserName, signIn: about})
}

// RecordRefusal leaves the event of an assertion that Identity Center did not take.
func (w *World) RecordRefusal(why string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if i := w.organizationInstance(); i != nil {
		w.addEvent(i.signInKind(assertionEvent), &event{signIn: &signInEvent{refusal: why}})
	}
}
