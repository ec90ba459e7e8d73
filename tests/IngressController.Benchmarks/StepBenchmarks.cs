using System.Net;
using BenchmarkDotNet.Attributes;
using IngressController.Observability;
using IngressController.Proxy;
using IngressController.Routing.Translation;
using k8s.Models;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace IngressController.Benchmarks;

/// <summary>What the policies of an Ingress cost a request between the route and the backend: a GET by http that they all let pass.</summary>
public class StepBenchmarks
{
    private readonly DefaultHttpContext _context = new();
    private RoutingState _routing = null!;
    private ProxyRoute _route = null!;

    [Params("", "limit-rps=1000000000", "allowlist-source-range=10.0.0.0/8;denylist-source-range=10.9.0.0/16", "enable-cors=true", "rewrite-target=/$1")]
    public string Annotations { get; set; } = "";

    [GlobalSetup]
    public void Setup()
    {
        var cluster = LargeCluster.Create(ingresses: 1, pathsPerHost: 1);
        var name = cluster.Ingresses.Keys.Single();
        var plain = LargeCluster.Ingress(0, paths: 1);
        var annotated = new V1Ingress
        {
            Metadata = new V1ObjectMeta
            {
                Name = name.Name,
                NamespaceProperty = name.Namespace,
                Annotations = Annotations.Split(';', StringSplitOptions.RemoveEmptyEntries).Select(pair => pair.Split('=', 2))
                    .ToDictionary(pair => $"yarp.ingress.kubernetes.io/{pair[0]}", pair => pair[1]),
            },
            Spec = plain.Spec,
        };
        var snapshot = cluster with { Ingresses = cluster.Ingresses.SetItem(name, annotated) };
        _routing = new RoutingState(new UpstreamClients(new(), Dns.GetHostAddressesAsync), new RequestMetrics(), LargeCluster.Services);
        _routing.Apply(RoutingTableTranslator.Translate(snapshot, new TranslationSettings()));
        _route = _routing.Hosts!.Find(LargeCluster.Host(0), "/")!;

        _context.Features.Get<IHttpRequestFeature>()!.RawTarget = "/";
        _context.Request.Method = "GET";
        _context.Request.Scheme = "http";
        _context.Request.Headers.Host = LargeCluster.Host(0);
        _context.Request.Headers.Origin = "https://shop.example";
        _context.Connection.RemoteIpAddress = IPAddress.Parse("10.1.2.3");
        _context.Features.Set<IHttpRequestBodyDetectionFeature>(new NoBody());
        _context.SetEndpoint(_route);
        if (!Run())
            throw new InvalidOperationException($"{Annotations} keeps the request out");
    }

    [Benchmark(Description = "all steps of a route")]
    public bool Run()
    {
        foreach (var step in _route.Plan.Steps)
        {
            var goesOn = step.InvokeAsync(_context, _route);
            if (!goesOn.IsCompletedSuccessfully || !goesOn.Result)
                return false;
        }

        return true;
    }

    private sealed class NoBody : IHttpRequestBodyDetectionFeature
    {
        public bool CanHaveBody => false;
    }
}
