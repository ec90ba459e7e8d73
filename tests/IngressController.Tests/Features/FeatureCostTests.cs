using IngressController.Configuration;
using IngressController.Features.Bodies;
using IngressController.Features.Compression;
using IngressController.Features.ErrorPages;
using IngressController.Features.Headers;
using IngressController.Features.Retries;
using IngressController.Features.Timeouts;
using IngressController.Pipeline;
using IngressController.Routing.Features.Compression;
using IngressController.Routing.Features.Cors;
using IngressController.Routing.Features.Headers;
using IngressController.Routing.Features.Retries;
using IngressController.Routing.Features.Timeouts;
using IngressController.Routing.Table;
using IngressController.Shutdown;
using IngressController.Tests.Fakes;
using IngressController.Tests.Upstream.Balancing;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;

namespace IngressController.Tests.Features;

/// <summary>Features allocate no memory for requests of routes without annotations.</summary>
public sealed class FeatureCostTests
{
    private static readonly ProxyRoute Plain = new(
        "app.example", new Route(new RouteOrigin(new ResourceName("default", "app"), 0, 0), PathMatch.Root, new RouteAction.Unavailable("none")),
        cluster: null, new RequestMetrics().For(new ResourceName("default", "app"), null), RoutePlan.Empty);

    [Theory]
    [InlineData("http", false)]
    [InlineData("https", true)]
    public void Headers_and_body_limits_do_not_allocate(string scheme, bool hasBody)
    {
        var headers = new OperatorHeaders(new HeaderSettings(), new ListenerOptions());
        var bodies = new BodyLimitStep(null, new LocalReplies(new Drain()));
        var context = new DefaultHttpContext();
        context.Request.Scheme = scheme;
        context.Request.Headers.Host = "app.example:8443";
        context.Request.Headers.ContentLength = hasBody ? 100 : null;
        context.Response.Headers.Server = "backend";
        context.Features.Set<IHttpRequestBodyDetectionFeature>(new BodyDetection(hasBody));

        var request = ProxyRequests.Of(context, Plain);

        AssertAllocatesNothing(() =>
        {
            Assert.True(bodies.InvokeAsync(request).Result);
            headers.Apply(request, isLocal: false);
        });
    }

    [Fact]
    public void Time_limits_and_retries_cost_a_request_nothing_and_routes_without_them_have_no_step()
    {
        var step = new TimeoutsStep(TimeoutPolicy.Default with { Read = TimeSpan.FromSeconds(1) });
        var request = ProxyRequests.Of(new DefaultHttpContext(), Plain);
        AssertAllocatesNothing(() => Assert.True(step.InvokeAsync(request).Result));

        var retries = new RetriesStep(RetryPolicy.Default with { MaxTries = 2 });
        AssertAllocatesNothing(() => Assert.True(retries.InvokeAsync(request).Result));

        Assert.Null(RetriesStep.Create(new PlanContext("app.example", Plain.Definition, new ServiceCollection().BuildServiceProvider())));
        Assert.Null(TimeoutsStep.Create(new PlanContext("app.example", Plain.Definition, new ServiceCollection().BuildServiceProvider())));
    }

    [Fact]
    public void Choosing_an_endpoint_in_turn_does_not_allocate_and_derives_nothing()
    {
        using var cluster = new BalancingCluster(3);
        var request = ProxyRequests.Of(new DefaultHttpContext(), Plain);
        request.Cluster = cluster.Cluster;
        AssertAllocatesNothing(() =>
        {
            Assert.NotNull(request.ChooseEndpoint(cluster.Cluster, cluster.Cluster.Current));
            request.HeadCame();
            request.EndAttempt();
        });
        Assert.Null(cluster.Cluster.Loads);
        Assert.False(cluster.Cluster.HasViews);
    }

    [Fact]
    public void Comparing_origins_does_not_allocate()
    {
        var policy = new CorsPolicy([new CorsOrigin("https://a.example"), new CorsOrigin("https://*.example.org")], "GET", "X", null, true, 1);
        AssertAllocatesNothing(() => Assert.True(policy.Allows("https://b.example.org")));
    }

    [Fact]
    public void Routes_without_error_pages_have_none_of_their_objects()
    {
        var context = new PlanContext("app.example", Plain.Definition, new ServiceCollection().BuildServiceProvider());
        Assert.Null(ErrorPagesStep.Create(context));
        Assert.Null(ErrorPageBackends.Create(context));
        Assert.Null(DefaultBackendHeaders.Create(context));
        Assert.Null(RoutePlan.Empty.ErrorPages);
    }

    [Fact]
    public void Routes_without_compression_have_none_of_its_objects()
    {
        Assert.Null(CompressionChange.Create(new PlanContext("app.example", Plain.Definition, new ServiceCollection().BuildServiceProvider())));
        Assert.False(RoutePlan.Empty.EncodesBodies);
    }

    [Fact]
    public void Comparing_codings_and_types_does_not_allocate()
    {
        var types = new MediaTypeSet(["text/html", "image/*"]);
        AssertAllocatesNothing(() =>
        {
            Assert.True(AcceptEncoding.Parse("gzip;q=0.8, deflate, identity;q=0.5") is { Gzip: 800, Brotli: 0, Identity: 500 });
            Assert.False(types.Contains("application/json; charset=utf-8"));
        });
    }

    internal static void AssertAllocatesNothing(Action action)
    {
        // The first rounds fill caches and compile code.
        for (var i = 0; i < 100; i++)
            action();
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1_000; i++)
            action();
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    private sealed record BodyDetection(bool CanHaveBody) : IHttpRequestBodyDetectionFeature;
}
