using IngressController.Kubernetes.Watching;
using IngressController.Routing.Diagnostics;
using IngressController.Sources;
using k8s;
using k8s.Models;

namespace IngressController.Tests.FullStack;

public sealed class ClusterStoreTests
{
    private readonly ClusterStore _store = new();

    [Fact]
    public void List_of_one_namespace_removes_only_objects_of_that_namespace()
    {
        Replace(ClusterKinds.Services, "x", ClusterObjects.Service("x", "one"), ClusterObjects.Service("x", "two"));
        Replace(ClusterKinds.Services, "y", ClusterObjects.Service("y", "one"));
        Replace(ClusterKinds.Services, "x", ClusterObjects.Service("x", "two"));
        Assert.Equal(["x/two", "y/one"], _store.Snapshot.Services.Keys.Select(name => name.ToString()).Order());

        Replace(ClusterKinds.Services, null, ClusterObjects.Service("z", "one"));
        Assert.Equal(["z/one"], _store.Snapshot.Services.Keys.Select(name => name.ToString()));
    }

    [Fact]
    public void Status_only_update_is_stored_and_is_no_change()
    {
        Apply(Ingress(generation: 1, version: "1", status: null));
        Assert.Equal(["x/i"], _store.Take()!.Value.Changes.Ingresses.Select(name => name.ToString()));

        var (waiting, status) = (_store.WaitForChangeAsync(CancellationToken.None), _store.NextStatusChange);
        Apply(Ingress(generation: 1, version: "2", status: "203.0.113.9"));
        Assert.Equal((false, true), (waiting.IsCompleted, status.IsCompleted));
        var (snapshot, changes) = _store.Take()!.Value;
        var stored = snapshot.Ingresses[new("x", "i")];
        Assert.Equal((true, "2", "203.0.113.9"), (changes.IsEmpty, stored.Metadata!.ResourceVersion, stored.Status!.LoadBalancer!.Ingress!.Single().Ip));

        foreach (var changed in new[]
        {
            Ingress(generation: 2, version: "3", status: "203.0.113.9"), Ingress(generation: 2, version: "4", status: "203.0.113.9", annotation: "a"),
            Ingress(generation: 2, version: "5", status: null, annotation: "b"), Ingress(generation: 2, version: "6", status: null, annotation: "b", uid: "another"),
            // A server that does not count changes.
            Ingress(generation: null, version: "7", status: null), Ingress(generation: null, version: "8", status: "203.0.113.9"),
        })
        {
            (waiting, status) = (_store.WaitForChangeAsync(CancellationToken.None), _store.NextStatusChange);
            Apply(changed);
            Assert.Equal((changed.Metadata!.ResourceVersion, true, false), (changed.Metadata.ResourceVersion, waiting.IsCompleted, status.IsCompleted));
            Assert.Equal((1, changed), (_store.Take()!.Value.Changes.Ingresses.Count, _store.Snapshot.Ingresses[new("x", "i")]));
        }

        void Apply(V1Ingress ingress) => _store.Apply(ClusterKinds.Ingresses, null, "ingresses", new ResourceChange<V1Ingress>.Applied(ingress));

        static V1Ingress Ingress(long? generation, string version, string? status, string? annotation = null, string uid = "u") => new()
        {
            Metadata = new V1ObjectMeta
            {
                Name = "i",
                NamespaceProperty = "x",
                Uid = uid,
                Generation = generation,
                ResourceVersion = version,
                Annotations = annotation is null ? null : new Dictionary<string, string> { ["key"] = annotation },
            },
            Status = new V1IngressStatus { LoadBalancer = new V1IngressLoadBalancerStatus { Ingress = status is null ? null : [new() { Ip = status }] } },
        };
    }

    [Fact]
    public void List_keeps_the_last_state_of_undecodable_objects()
    {
        Replace(ClusterKinds.Services, null, ClusterObjects.Service("x", "broken"), ClusterObjects.Service("x", "gone"));
        _store.Apply(ClusterKinds.Services, null, "services", new ResourceChange<V1Service>.Replaced([], [new("x", "broken", "uid", "no number")]));
        Assert.Equal(["x/broken"], _store.Snapshot.Services.Keys.Select(name => name.ToString()));
    }

    [Fact]
    public void Object_that_cannot_be_processed_does_not_affect_others()
    {
        var kind = ClusterKinds.Services with
        {
            Prepare = service => service.Metadata!.Name switch
            {
                "unreadable" => throw new InvalidOperationException("a bug"),
                "unfit" => (_, _) => throw new InvalidOperationException("another bug"),
                _ => ClusterKinds.Services.Prepare(service),
            },
        };
        Replace(kind, null, ClusterObjects.Service("x", "unreadable"), ClusterObjects.Service("x", "unfit"), ClusterObjects.Service("x", "good"));
        Assert.Equal(["x/good"], _store.Snapshot.Services.Keys.Select(name => name.ToString()));
        Assert.Equal(["x/unfit", "x/unreadable"], _store.Unreadable.Select(diagnostic => diagnostic.Subject.Name.ToString()));
    }

    [Fact]
    public void Unreadable_object_is_reported_until_it_decodes_or_is_deleted()
    {
        Report("x", "fixed");
        Report("x", "deleted");
        Report("x", "gone");
        Report("y", "elsewhere");
        _store.Apply(ClusterKinds.Services, null, "services", new ResourceChange<V1Service>.Applied(ClusterObjects.Service("x", "fixed")));
        _store.Apply(ClusterKinds.Services, null, "services", new ResourceChange<V1Service>.Deleted(ClusterObjects.Service("x", "deleted")));
        Assert.Equal(["x/gone", "y/elsewhere"], _store.Unreadable.Select(diagnostic => diagnostic.Subject.Name.ToString()));

        // An object of another kind can have the same name.
        Replace(ClusterKinds.EndpointSlices, "x");
        Assert.Equal(2, _store.Unreadable.Length);
        Replace(ClusterKinds.Services, "x");
        Assert.Equal(["y/elsewhere"], _store.Unreadable.Select(diagnostic => diagnostic.Subject.Name.ToString()));

        void Report(string ns, string name) => _store.ReportUnreadable(
            DiagnosticCatalog.ObjectUnreadable(new DiagnosticSubject("Service", new ResourceName(ns, name)), "(object)", "no number", keepsLast: false));
    }

    [Fact]
    public void Take_returns_null_until_every_list_is_delivered()
    {
        _store.Expect("services");
        _store.Expect("secrets");
        Replace(ClusterKinds.Services, null, ClusterObjects.Service("x", "one"));
        _store.Apply(ClusterKinds.Secrets, null, "secrets", new ResourceChange<V1Secret>.Applied(ClusterObjects.Secret("x", "s")));
        Assert.Null(_store.Take());
        Assert.Equal(["secrets"], _store.PendingLists.ToArray());

        Replace(ClusterKinds.Secrets, null);
        var (snapshot, changes) = _store.Take()!.Value;
        Assert.Empty(_store.PendingLists);
        Assert.Single(snapshot.Services);
        Assert.Empty(snapshot.TlsSecrets);
        // Changes while lists are pending are not lost by calls that return null.
        Assert.Equal([new ResourceName("x", "one")], changes.Services);
    }

    [Fact]
    public void Pending_lists_with_the_same_failure_are_one_entry()
    {
        _store.Expect("services");
        _store.Expect("secrets");
        _store.Expect("ingresses");
        _store.ReportFailure("services", "unreachable");
        _store.ReportFailure("secrets", "unreachable");
        Assert.Equal(["ingresses", "secrets, services (unreachable)"], _store.PendingLists.ToArray());

        Replace(ClusterKinds.Services, null);
        _store.ReportFailure("services", "unreachable again");
        Assert.Equal(["ingresses", "secrets (unreachable)"], _store.PendingLists.ToArray());
    }

    [Fact]
    public async Task Empty_cluster_is_a_change_and_an_unchanged_list_is_none()
    {
        _store.Expect("services");
        var first = _store.WaitForChangeAsync(CancellationToken.None);
        Assert.False(first.IsCompleted);
        Replace(ClusterKinds.Services, null);
        await first.WaitAsync(TimeSpan.FromSeconds(5));
        Assert.NotNull(_store.Take());

        var service = ClusterObjects.Service("x", "one");
        var slice = ClusterObjects.Slice("x", "one-1", "one");
        Replace(ClusterKinds.Services, null, service);
        Replace(ClusterKinds.EndpointSlices, null, slice);
        Assert.False(_store.Take()!.Value.Changes.IsEmpty);

        Replace(ClusterKinds.Services, null, service);
        Replace(ClusterKinds.EndpointSlices, null, slice);
        Assert.False(_store.WaitForChangeAsync(CancellationToken.None).IsCompleted);
        Assert.True(_store.Take()!.Value.Changes.IsEmpty);
    }

    [Fact]
    public void Each_change_is_taken_once()
    {
        Replace(ClusterKinds.Services, null, ClusterObjects.Service("x", "one"));
        Assert.Equal([new ResourceName("x", "one")], _store.Take()!.Value.Changes.Services);
        _store.Apply(ClusterKinds.Secrets, null, "secrets", new ResourceChange<V1Secret>.Applied(ClusterObjects.Secret("x", "s")));
        var changes = _store.Take()!.Value.Changes;
        Assert.Empty(changes.Services);
        Assert.Equal([new ResourceName("x", "s")], changes.Secrets);
    }

    [Fact]
    public void Slice_that_moves_to_another_Service_changes_both_Services()
    {
        Replace(ClusterKinds.EndpointSlices, null, ClusterObjects.Slice("x", "s", "one"));
        _store.Take();
        _store.Apply(ClusterKinds.EndpointSlices, null, "", new ResourceChange<V1EndpointSlice>.Applied(ClusterObjects.Slice("x", "s", "two")));
        Assert.Equal(["x/one", "x/two"], _store.Take()!.Value.Changes.Services.Select(name => name.ToString()).Order());
    }

    [Fact]
    public void Secret_that_changes_its_type_keeps_its_certificate_and_is_stored_unchanged()
    {
        Replace(ClusterKinds.Secrets, null, ClusterObjects.Secret("x", "s"));
        _store.Take();
        Replace(ClusterKinds.Secrets, null, ClusterObjects.Secret("x", "s", type: "Opaque"));
        Assert.Equal([new ResourceName("x", "s")], _store.Snapshot.TlsSecrets.Keys);
        Assert.Equal([new ResourceName("x", "s")], _store.Snapshot.Secrets.Keys);
        Assert.Equal([new ResourceName("x", "s")], _store.Take()!.Value.Changes.Secrets);
    }

    private void Replace<T>(ClusterKind<T> kind, string? ns, params T[] items)
        where T : class, IKubernetesObject<V1ObjectMeta> =>
        _store.Apply(kind, ns, kind.Resource.Plural, new ResourceChange<T>.Replaced(items, []));
}
