using BenchmarkDotNet.Attributes;
using IngressController.Hosting;
using IngressController.Pipeline;
using IngressController.Proxy;
using IngressController.Routing.Translation;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;

namespace IngressController.Benchmarks;

/// <summary>The cost of choosing the backend of a request, for a route with a canary or weights. Other routes have no such step.</summary>
public class BackendChoiceBenchmarks
{
    private const string Prefix = "yarp.ingress.kubernetes.io/";

    private readonly DefaultHttpContext _context = new();
    private ControllerHost _controller = null!;
    private ProxyRequest _request = null!;
    private RequestStep _step = null!;

    [Params("canary-weight=50", "canary-by-header=X-Canary", "canary-by-header=X-Canary;canary-by-header-pattern=^eu-[a-z]+$", "canary-by-cookie=canary", "backend-weights=app-0=80,app-100=20")]
    public string Annotations { get; set; } = "";

    [GlobalSetup]
    public void Setup()
    {
        // app-100 is in the namespace of app-0.
        var cluster = LargeCluster.Create(ingresses: 101, pathsPerHost: 1);
        var isCanary = Annotations.StartsWith("canary", StringComparison.Ordinal);
        var changed = LargeCluster.Ingress(isCanary ? 100 : 0, paths: 1);
        changed.Metadata!.Annotations = Annotations.Split(';').Select(pair => pair.Split('=', 2)).ToDictionary(pair => Prefix + pair[0], pair => pair[1]);
        if (isCanary)
        {
            changed.Metadata.Annotations[$"{Prefix}canary"] = "true";
            changed.Spec!.Rules![0].Host = LargeCluster.Host(0);
        }

        var snapshot = cluster with { Ingresses = cluster.Ingresses.SetItem(new ResourceName(changed.Metadata.NamespaceProperty!, changed.Metadata.Name!), changed) };
        _controller = LargeCluster.Controller();
        var revision = _controller.Services.GetRequiredService<RevisionBuilder>().Build(
            _controller.Services.GetRequiredService<LiveRevision>().Current, RoutingTableTranslator.Translate(snapshot, new TranslationSettings()));
        _context.Features.Get<IHttpRequestFeature>()!.RawTarget = "/";
        _context.Request.Headers.Host = LargeCluster.Host(0);
        _context.Request.Headers["X-Canary"] = "eu-west";
        _context.Request.Headers.Cookie = "session=0123456789abcdef; theme=dark; canary=always";
        _request = ProxyRequest.Begin(_context, revision);
        _request.NormalizePath();
        var route = (ProxyRoute)revision.Hosts.Find(LargeCluster.Host(0), "/")!;
        _request.MatchedRoute = route;
        _step = route.Plan.Steps.OfType<BackendStep>().Single();
    }

    [Benchmark(Description = "choice of the backend")]
    public UpstreamChoice Run()
    {
        _request.Backend = null;
        return new(_step.InvokeAsync(_request).Result, _request.Backend is not null);
    }

    /// <summary>Used, so that nothing is optimized away.</summary>
    public readonly record struct UpstreamChoice(bool Continues, bool IsAlternative);
}
