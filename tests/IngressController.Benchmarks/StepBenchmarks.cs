using System.Net;
using BenchmarkDotNet.Attributes;
using IngressController.Hosting;
using IngressController.Pipeline;
using IngressController.Proxy;
using IngressController.Routing.Translation;
using k8s.Models;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.DependencyInjection;

namespace IngressController.Benchmarks;

/// <summary>The cost of the policies of an Ingress per request, for a GET over HTTP that all of them allow.</summary>
public class StepBenchmarks
{
    private readonly DefaultHttpContext _context = new();
    private ControllerHost _controller = null!;
    private ProxyRequest _request = null!;

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
        _controller = LargeCluster.Controller();
        var revision = _controller.Services.GetRequiredService<RevisionBuilder>().Build(
            _controller.Services.GetRequiredService<LiveRevision>().Current, RoutingTableTranslator.Translate(snapshot, new TranslationSettings()));

        _context.Features.Get<IHttpRequestFeature>()!.RawTarget = "/";
        _context.Request.Method = "GET";
        _context.Request.Scheme = "http";
        _context.Request.Headers.Host = LargeCluster.Host(0);
        _context.Request.Headers.Origin = "https://shop.example";
        _context.Connection.RemoteIpAddress = IPAddress.Parse("10.1.2.3");
        _context.Features.Set<IHttpRequestBodyDetectionFeature>(new NoBody());
        _request = ProxyRequest.Begin(_context, revision);
        _request.NormalizePath();
        _request.MatchedHost = revision.Hosts.FindHost(LargeCluster.Host(0));
        _request.MatchedRoute = (ProxyRoute?)revision.Hosts.Find(LargeCluster.Host(0), "/");
        if (!Run())
            throw new InvalidOperationException($"{Annotations} denies the request");
    }

    [Benchmark(Description = "all steps of a route")]
    public bool Run()
    {
        foreach (var step in _request.Route.Plan.Steps)
        {
            var continues = step.InvokeAsync(_request);
            if (!continues.IsCompletedSuccessfully || !continues.Result)
                return false;
        }

        return true;
    }

    private sealed class NoBody : IHttpRequestBodyDetectionFeature
    {
        public bool CanHaveBody => false;
    }
}
