package workerhost

import (
	"fmt"
	"strings"
)

// Version is which version of which worker deployment a worker is (Temporal's Worker Versioning). A versioned worker gets new work only
// once its version is the current one of the deployment. The zero value is a worker without a version.
type Version struct{ Deployment, BuildID string }

// Check says what is wrong with a version: both parts belong together, and Temporal reserves some characters.
func (v Version) Check() error {
	const remedy = "give --deployment (TEMPORAL_DEPLOYMENT_NAME) and --build-id (TEMPORAL_WORKER_BUILD_ID), or neither"
	switch {
	case v == Version{}:
		return nil
	case v.Deployment == "":
		return fmt.Errorf("there is a build ID, %q, without the name of its deployment → %s", v.BuildID, remedy)
	case v.BuildID == "":
		return fmt.Errorf("there is a deployment, %q, without the build ID of this worker → %s", v.Deployment, remedy)
	case strings.ContainsAny(v.Deployment, ".:") || strings.HasPrefix(v.Deployment, "__"):
		return fmt.Errorf("the deployment %q holds a character that Temporal reserves → use a name without . and : that does not begin with __",
			v.Deployment)
	}
	return nil
}
