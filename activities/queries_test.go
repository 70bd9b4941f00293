package activities_test

import (
	"fmt"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"studio-onboarding/activities"
	"studio-onboarding/internal/store"
	"studio-onboarding/internal/store/storetest"
	"studio-onboarding/onboarding"
)

// asked is a workflow that knows of no list, on a worker with a store.
func asked(t *testing.T, lists store.Lists) *testsuite.TestWorkflowEnvironment {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestWorkflowEnvironment()
	env.SetWorkerOptions(worker.Options{Interceptors: []interceptor.WorkerInterceptor{activities.NewQueries(lists)}})
	env.ExecuteWorkflow(func(workflow.Context) error { return nil })
	require.NoError(t, env.GetWorkflowError())
	return env
}

func crowd(n int, via string) func(func(onboarding.PersonRecord) bool) {
	return func(yield func(onboarding.PersonRecord) bool) {
		for i := range n {
			if !yield(onboarding.PersonRecord{Person: fmt.Sprintf("p%05d@example.com", i), Ready: i%2 == 0, Via: []string{via}}) {
				return
			}
		}
	}
}

// pages reads a list page by page, and calls between after each.
func pages(t *testing.T, env *testsuite.TestWorkflowEnvironment, query onboarding.PeopleQuery, between func()) (people []onboarding.PersonRecord,
	totals []int) {
	t.Helper()
	for {
		value, err := env.QueryWorkflow(onboarding.QueryPeople, query)
		require.NoError(t, err)
		var page onboarding.AccessPage
		require.NoError(t, value.Get(&page))
		require.LessOrEqual(t, len(page.People), onboarding.AccessPageSize)
		people, totals = append(people, page.People...), append(totals, page.Total)
		if page.Next == "" {
			return people, totals
		}
		query.After = page.Next
		between()
	}
}

func TestEveryWorkflowCanBeAskedForPagesOfOneList(t *testing.T) {
	dir := t.TempDir()
	mine, theirs := storetest.At(t, dir), storetest.At(t, dir)
	list, err := mine.SavePeople(t.Context(), "team", crowd(2*onboarding.AccessPageSize+7, "one"))
	require.NoError(t, err)
	env := asked(t, theirs) // another worker of the same store
	query := onboarding.PeopleQuery{Studio: "team", Generation: list.Generation}
	found, totals := pages(t, env, query, func() {
		_, err := mine.SavePeople(t.Context(), "team", crowd(5, "another"))
		require.NoError(t, err)
	})
	require.Len(t, found, list.Lines)
	require.Equal(t, []int{list.Lines, list.Lines, list.Lines}, totals)
	for i, person := range found {
		require.Equal(t, fmt.Sprintf("p%05d@example.com", i), person.Person)
		require.Equal(t, []string{"one"}, person.Via, "a reconcile made another list meanwhile")
	}
	query.Status = onboarding.StatusMissing
	found, totals = pages(t, env, query, func() {})
	require.Len(t, found, list.Lines/2)
	require.Equal(t, []int{list.Lines / 2, list.Lines / 2}, totals)
	query.Status, query.Group = "", "another"
	found, _ = pages(t, env, query, func() {})
	require.Empty(t, found)
}

func TestAListThatIsGoneOrDamagedIsSaid(t *testing.T) {
	lists := storetest.New(t)
	list, err := lists.SavePeople(t.Context(), "team", crowd(3, "one"))
	require.NoError(t, err)
	env := asked(t, lists)
	_, err = env.QueryWorkflow(onboarding.QueryPeople, onboarding.PeopleQuery{Studio: "team", Generation: "20260101T000000.000000000Z-x"})
	require.ErrorContains(t, err, "no longer kept")
	_, err = env.QueryWorkflow(onboarding.QueryPeople, onboarding.PeopleQuery{Studio: "team", Generation: list.Generation, After: "x"})
	require.ErrorContains(t, err, "no page")
	require.NoError(t, os.Truncate(list.Address, 40))
	_, err = env.QueryWorkflow(onboarding.QueryPeople, onboarding.PeopleQuery{Studio: "team", Generation: list.Generation})
	require.ErrorContains(t, err, "damaged")
}

func TestTheFirstDifferencesOfAReconcileAreAskedFor(t *testing.T) {
	lists := storetest.New(t)
	list, err := lists.SaveChanges(t.Context(), "team", func(yield func(onboarding.AccessChange) bool) {
		for i := range onboarding.MaxListed + 5 {
			if !yield(onboarding.AccessChange{Kind: onboarding.ChangeCreateProfile, Who: fmt.Sprintf("p%d@example.com", i)}) {
				return
			}
		}
	})
	require.NoError(t, err)
	value, err := asked(t, lists).QueryWorkflow(onboarding.QueryChanges, onboarding.ChangesQuery{Studio: "team", Generation: list.Generation})
	require.NoError(t, err)
	var page onboarding.ChangesPage
	require.NoError(t, value.Get(&page))
	require.Len(t, page.Changes, onboarding.MaxListed)
	require.Equal(t, "p0@example.com", page.Changes[0].Who)
}
