using IngressController.Pipeline;
using IngressController.Tests.Fakes;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using static IngressController.Tests.Features.Canary.CanaryFixture;

namespace IngressController.Tests.Features.Canary;

/// <summary>A route without alternatives has no step for them; a choice allocates no memory.</summary>
public sealed class CanaryCostTests
{
    [Fact]
    public async Task A_route_without_alternatives_has_no_step_and_shares_its_plan()
    {
        await using var controller = await StartAsync(MainOf("app.example") + MainOf("other.example") + MainOf("canaried.example") + CanaryOf("canaried.example", "next", ("canary-weight", "1")));
        var (revision, route) = RouteOf(controller, "app.example");
        Assert.DoesNotContain(route.Plan.Steps, step => step is BackendStep);
        Assert.Same(route.Plan, RouteOf(controller, "other.example").Route.Plan);
        Assert.NotSame(route.Plan, RouteOf(controller, "canaried.example").Route.Plan);
        var request = ProxyRequests.Of(new DefaultHttpContext(), route, revision);
        FeatureCostTests.AssertAllocatesNothing(() =>
        {
            Assert.Same(route.Cluster, request.Cluster);
            Assert.Same(route.Counters, request.Counters);
        });
    }

    [Theory]
    [InlineData("canary-weight", "50")]
    [InlineData("canary-by-header", "X-Canary")]
    [InlineData("canary-by-cookie", "canary")]
    public async Task Choosing_a_canary_does_not_allocate(string name, string value)
    {
        await using var controller = await StartAsync(MainOf("app.example") + CanaryOf("app.example", "next", (name, value)) + CanaryOf("app.example", "beta", ("canary-weight", "1")));
        AssertChoiceAllocatesNothing(controller);
    }

    [Fact]
    public async Task Choosing_by_weight_does_not_allocate()
    {
        await using var controller = await StartAsync(MainOf("app.example", annotations: "backend-weights: \"main=1,next=2,beta=3\""));
        AssertChoiceAllocatesNothing(controller);
    }

    private static void AssertChoiceAllocatesNothing(TestController controller)
    {
        var (revision, route) = RouteOf(controller, "app.example");
        var step = Assert.Single(route.Plan.Steps.OfType<BackendStep>());
        var context = new DefaultHttpContext();
        context.Request.Headers["X-Canary"] = "something";
        context.Request.Headers.Cookie = "session=1234567890; canary=something; theme=dark";
        var request = ProxyRequests.Of(context, route, revision);
        FeatureCostTests.AssertAllocatesNothing(() =>
        {
            request.Backend = null;
            Assert.True(step.InvokeAsync(request).Result);
        });
    }

    private static (Revision Revision, ProxyRoute Route) RouteOf(TestController controller, string host)
    {
        var revision = controller.Services.GetRequiredService<LiveRevision>().Current;
        return (revision, (ProxyRoute)revision.Hosts.Find(host, "/")!);
    }

    private static Task<TestController> StartAsync(string ingresses) =>
        TestController.StartAsync(string.Concat(Services.Select((name, index) => Manifests.Service(name, [1000 + index]))) + ingresses);
}
