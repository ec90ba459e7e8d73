using IngressController.Kubernetes.Serialization;
using IngressController.Routing.Cluster;
using IngressController.Routing.Translation;
using IngressController.Status;
using k8s.Models;

namespace IngressController.Tests.Status;

/// <summary>Which statuses are written: the Ingress as it is live, as it is now, and what is to be done.</summary>
public sealed class StatusPlanTests
{
    private const string Ours = "ingressClassName: yarp";
    private const string Theirs = "ingressClassName: other";
    private const string OurStatus = "[{ip: 203.0.113.9}]";

    private static readonly StatusTarget Target = new(
        [new("203.0.113.9", null)], [[new("203.0.113.9", null)], [new("203.0.113.1", null), new(null, "lb.example")]]);

    public static TheoryData<string, string, string> Cases => new()
    {
        { "ours, nothing shown", Describe(Ours), "[203.0.113.9]" },
        { "ours, an empty list", Describe(Ours, "[]"), "[203.0.113.9]" },
        { "ours, the same", Describe(Ours, OurStatus), "-" },
        { "ours, the same by whomever", Describe(Ours, OurStatus, "kubectl-edit"), "-" },
        { "ours, the same and ports", Describe(Ours, "[{ip: 203.0.113.9, ports: [{port: 80, protocol: TCP}]}]"), "-" },
        { "ours, another", Describe(Ours, "[{ip: 203.0.113.8}]", "other-controller"), "[203.0.113.9]" },
        { "ours, one more", Describe(Ours, "[{ip: 203.0.113.9}, {hostname: lb.example}]"), "[203.0.113.9]" },
        { "ours, garbage", Describe(Ours, "[null, {}, {ip: nonsense}]"), "[203.0.113.9]" },
        { "ours, being deleted", Describe(Ours, metadata: ", deletionTimestamp: 2030-01-01T00:00:00Z"), "-" },
        { "another's, nothing shown", Describe(Theirs), "-" },
        { "another's, what we wrote", Describe(Theirs, OurStatus, StatusPlan.FieldManager), "[]" },
        { "another's, what we wrote earlier", Describe(Theirs, "[{hostname: lb.example}, {ip: 203.0.113.1}]", StatusPlan.FieldManager), "[]" },
        { "another's, our address by its controller", Describe(Theirs, OurStatus, "other-controller"), "-" },
        { "another's, our address by nobody knows whom", Describe(Theirs, OurStatus), "-" },
        { "another's, an address that never was ours by another installation", Describe(Theirs, "[{ip: 203.0.113.8}]", StatusPlan.FieldManager), "-" },
        { "another's, what we wrote and more", Describe(Theirs, "[{ip: 203.0.113.9}, {ip: 203.0.113.8}]", StatusPlan.FieldManager), "-" },
        { "another's, what we wrote, being deleted", Describe(Theirs, OurStatus, StatusPlan.FieldManager, ", deletionTimestamp: 2030-01-01T00:00:00Z"), "-" },
        { "nobody's, what we wrote", Describe("rules: []", OurStatus, StatusPlan.FieldManager), "[]" },
    };

    [Theory]
    [MemberData(nameof(Cases))]
    public void Only_what_differs_and_is_ours_is_written(string what, string ingress, string expected)
    {
        var now = Ingress(ingress);
        var change = StatusPlan.For(now, Live(now), Target);
        Assert.Equal((what, expected), (what, change is null ? "-" : $"{change.Addresses}"));
        if (change is not null)
            Assert.Equal((new ResourceName("apps", "i"), "7", "u", 3L), (change.Name, change.Version, change.Uid, change.Generation));
    }

    [Fact]
    public void An_address_that_is_not_known_leaves_every_status_as_it_is()
    {
        foreach (var status in new[] { null, OurStatus })
        {
            var now = Ingress(Describe(Ours, status));
            Assert.Null(StatusPlan.For(now, Live(now), Target with { Addresses = [] }));
        }
    }

    [Fact]
    public void What_is_not_live_yet_waits()
    {
        var now = Ingress(Describe(Ours));
        Assert.Null(StatusPlan.For(now, Live(Ingress(Describe(Theirs))), Target));
        Assert.Null(StatusPlan.For(now, Translation.Empty(new TranslationSettings()), Target));
    }

    [Theory]
    [InlineData("generation: 3", "generation: 4")]
    [InlineData("uid: u", "uid: another")]
    [InlineData("name: i,", "name: i, annotations: {a: b},")]
    public void What_has_changed_since_waits_for_the_next_revision(string before, string after)
    {
        var ours = Describe(Ours);
        Assert.NotNull(StatusPlan.For(Ingress(ours), Live(Ingress(ours)), Target));
        Assert.Null(StatusPlan.For(Ingress(ours.Replace(before, after, StringComparison.Ordinal)), Live(Ingress(ours)), Target));

        // Given to another class, and that not live yet: neither written nor taken back.
        var moved = Describe(Theirs, OurStatus, StatusPlan.FieldManager).Replace("generation: 3", "generation: 4", StringComparison.Ordinal);
        Assert.Null(StatusPlan.For(Ingress(moved), Live(Ingress(Describe(Ours, OurStatus, StatusPlan.FieldManager))), Target));
    }

    [Fact]
    public void A_status_that_has_changed_since_does_not_wait() => Assert.NotNull(
        StatusPlan.For(Ingress(Describe(Ours, "[{ip: 203.0.113.8}]").Replace("\"7\"", "\"8\"", StringComparison.Ordinal)), Live(Ingress(Describe(Ours))), Target));

    [Fact]
    public void An_Ingress_whose_class_is_gone_is_taken_back()
    {
        var now = Ingress(Describe(Ours, OurStatus, StatusPlan.FieldManager));
        Assert.Equal("[]", $"{StatusPlan.For(now, Live(now, hasClass: false), Target)?.Addresses}");
    }

    [Fact]
    public void The_last_one_empties_all_that_are_ours()
    {
        foreach (var (ingress, expected) in new[]
        {
            (Describe(Ours, "[{ip: 203.0.113.8}]"), 1), (Describe(Ours), 0), (Describe(Theirs, OurStatus, StatusPlan.FieldManager), 0),
        })
        {
            var now = Ingress(ingress);
            Assert.Equal(expected, StatusPlan.OfReset(Live(now), [now]).Count());
        }
    }

    [Fact]
    public void The_patch_names_the_version_and_replaces_the_list()
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
