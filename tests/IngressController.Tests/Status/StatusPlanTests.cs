using IngressController.Kubernetes.Serialization;
using IngressController.Routing.Cluster;
using IngressController.Routing.Translation;
using IngressController.Status;
using k8s.Models;

namespace IngressController.Tests.Status;

/// <summary>The planned changes of status for the live and the current state of an Ingress.</summary>
public sealed class StatusPlanTests
{
    private const string Claimed = "ingressClassName: yarp";
    private const string Unclaimed = "ingressClassName: other";
    private const string TargetStatus = "[{ip: 203.0.113.9}]";

    private static readonly StatusTarget Target = new(
        [new("203.0.113.9", null)], [[new("203.0.113.9", null)], [new("203.0.113.1", null), new(null, "lb.example")]]);

    public static TheoryData<string, string, string> Cases => new()
    {
        { "claimed, without a status", Describe(Claimed), "[203.0.113.9]" },
        { "claimed, an empty list", Describe(Claimed, "[]"), "[203.0.113.9]" },
        { "claimed, the same addresses", Describe(Claimed, TargetStatus), "-" },
        { "claimed, the same addresses by any writer", Describe(Claimed, TargetStatus, "kubectl-edit"), "-" },
        { "claimed, the same addresses with ports", Describe(Claimed, "[{ip: 203.0.113.9, ports: [{port: 80, protocol: TCP}]}]"), "-" },
        { "claimed, another address", Describe(Claimed, "[{ip: 203.0.113.8}]", "other-controller"), "[203.0.113.9]" },
        { "claimed, a further address", Describe(Claimed, "[{ip: 203.0.113.9}, {hostname: lb.example}]"), "[203.0.113.9]" },
        { "claimed, invalid entries", Describe(Claimed, "[null, {}, {ip: nonsense}]"), "[203.0.113.9]" },
        { "claimed, being deleted", Describe(Claimed, metadata: ", deletionTimestamp: 2030-01-01T00:00:00Z"), "-" },
        { "unclaimed, without a status", Describe(Unclaimed), "-" },
        { "unclaimed, own addresses", Describe(Unclaimed, TargetStatus, StatusPlan.FieldManager), "[]" },
        { "unclaimed, own earlier addresses", Describe(Unclaimed, "[{hostname: lb.example}, {ip: 203.0.113.1}]", StatusPlan.FieldManager), "[]" },
        { "unclaimed, the same addresses by its controller", Describe(Unclaimed, TargetStatus, "other-controller"), "-" },
        { "unclaimed, the same addresses by an unknown writer", Describe(Unclaimed, TargetStatus), "-" },
        { "unclaimed, other addresses by another installation", Describe(Unclaimed, "[{ip: 203.0.113.8}]", StatusPlan.FieldManager), "-" },
        { "unclaimed, own addresses and more", Describe(Unclaimed, "[{ip: 203.0.113.9}, {ip: 203.0.113.8}]", StatusPlan.FieldManager), "-" },
        { "unclaimed, own addresses, being deleted", Describe(Unclaimed, TargetStatus, StatusPlan.FieldManager, ", deletionTimestamp: 2030-01-01T00:00:00Z"), "-" },
        { "without a class, own addresses", Describe("rules: []", TargetStatus, StatusPlan.FieldManager), "[]" },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Only_different_status_of_claimed_Ingresses_is_written(string name, string ingress, string expected)
    {
        var now = Ingress(ingress);
        var change = StatusPlan.For(now, Live(now), Target);
        Assert.Equal((name, expected), (name, change is null ? "-" : $"{change.Addresses}"));
        if (change is not null)
            Assert.Equal((new ResourceName("apps", "i"), "7", "u", 3L), (change.Name, change.Version, change.Uid, change.Generation));
    }

    [Fact]
    public void Unknown_addresses_leave_every_status_unchanged()
    {
        foreach (var status in new[] { null, TargetStatus })
        {
            var now = Ingress(Describe(Claimed, status));
            Assert.Null(StatusPlan.For(now, Live(now), Target with { Addresses = [] }));
        }
    }

    [Fact]
    public void Ingress_that_is_not_live_yet_waits()
    {
        var now = Ingress(Describe(Claimed));
        Assert.Null(StatusPlan.For(now, Live(Ingress(Describe(Unclaimed))), Target));
        Assert.Null(StatusPlan.For(now, Translation.Empty(new TranslationSettings()), Target));
    }

    [Theory]
    [InlineData("generation: 3", "generation: 4")]
    [InlineData("uid: u", "uid: another")]
    [InlineData("name: i,", "name: i, annotations: {a: b},")]
    public void Ingress_that_has_changed_since_waits_for_the_next_revision(string before, string after)
    {
        var claimed = Describe(Claimed);
        Assert.NotNull(StatusPlan.For(Ingress(claimed), Live(Ingress(claimed)), Target));
        Assert.Null(StatusPlan.For(Ingress(claimed.Replace(before, after, StringComparison.Ordinal)), Live(Ingress(claimed)), Target));

        // Moved to another class, but not live yet: neither written nor reset.
        var moved = Describe(Unclaimed, TargetStatus, StatusPlan.FieldManager).Replace("generation: 3", "generation: 4", StringComparison.Ordinal);
        Assert.Null(StatusPlan.For(Ingress(moved), Live(Ingress(Describe(Claimed, TargetStatus, StatusPlan.FieldManager))), Target));
    }

    [Fact]
    public void Ingress_whose_status_has_changed_since_does_not_wait() => Assert.NotNull(
        StatusPlan.For(Ingress(Describe(Claimed, "[{ip: 203.0.113.8}]").Replace("\"7\"", "\"8\"", StringComparison.Ordinal)), Live(Ingress(Describe(Claimed))), Target));

    [Fact]
    public void Status_of_an_Ingress_whose_class_is_deleted_is_reset()
    {
        var now = Ingress(Describe(Claimed, TargetStatus, StatusPlan.FieldManager));
        Assert.Equal("[]", $"{StatusPlan.For(now, Live(now, hasClass: false), Target)?.Addresses}");
    }

    [Fact]
    public void Last_replica_resets_all_claimed_Ingresses()
    {
        foreach (var (ingress, expected) in new[]
        {
            (Describe(Claimed, "[{ip: 203.0.113.8}]"), 1), (Describe(Claimed), 0), (Describe(Unclaimed, TargetStatus, StatusPlan.FieldManager), 0),
        })
        {
            var now = Ingress(ingress);
            Assert.Equal(expected, StatusPlan.OfReset(Live(now), [now]).Count());
        }
    }

    [Fact]
    public void Patch_has_the_version_and_replaces_the_list()
    {
        var change = new StatusChange(new("apps", "i"), "u", "7", 3, [new("203.0.113.9", null), new("fd00::1", "a.example"), new(null, "b.example")]);
        Assert.Equal(
            """{"metadata":{"resourceVersion":"7"},"status":{"loadBalancer":{"ingress":[{"ip":"203.0.113.9"},{"ip":"fd00::1","hostname":"a.example"},{"hostname":"b.example"}]}}}""",
            StatusPatch.Of(change).Content);
        Assert.Equal(
            """{"metadata":{"resourceVersion":"7"},"status":{"loadBalancer":{"ingress":null}}}""",
            StatusPatch.Of(change with { Addresses = [] }).Content);
    }

    private static string Describe(string spec, string? status = null, string? manager = null, string metadata = "")
    {
        var managed = manager is null ? "" : $", managedFields: [{{manager: {manager}, fieldsV1: {{f:status: {{f:loadBalancer: {{f:ingress: {{}}}}}}}}}}]";
        return $"{{metadata: {{name: i, namespace: apps, uid: u, generation: 3, resourceVersion: \"7\"{managed}{metadata}}}, spec: {{{spec}}}"
            + (status is null ? "}" : $", status: {{loadBalancer: {{ingress: {status}}}}}}}");
    }

    private static V1Ingress Ingress(string yaml) =>
        System.Text.Json.JsonSerializer.Deserialize(KubernetesYaml.LoadAll(new StringReader(yaml)).Single().Root!, ApiJson.Of<V1Ingress>())!;

    private static Translation Live(V1Ingress ingress, bool hasClass = true)
    {
        var snapshot = ClusterSnapshot.Empty with { Ingresses = ClusterSnapshot.Empty.Ingresses.Add(ingress.ResourceName, ingress) };
        if (hasClass)
            snapshot = snapshot with { IngressClasses = snapshot.IngressClasses.Add("yarp", FullStack.ClusterObjects.Class("yarp")) };
        return RoutingTableTranslator.Translate(snapshot, new TranslationSettings());
    }
}
