using BenchmarkDotNet.Attributes;
using Microsoft.Extensions.DependencyInjection;
using IngressController.Matching;
using IngressController.Pipeline;
using IngressController.Proxy;
using IngressController.Routing.Translation;

namespace IngressController.Benchmarks;

/// <summary>The cost of finding a route in a table of 10,000 hosts with 10 paths each.</summary>
public class MatchBenchmarks
{
    private const int Hosts = 10_000;
    private HostTable _table = HostTable.Empty;
    private string _first = "", _last = "", _unknown = "";

    [GlobalSetup]
    public void Setup()
    {
        var translation = RoutingTableTranslator.Translate(LargeCluster.Create(Hosts, 10), new TranslationSettings());
        var controller = LargeCluster.Controller();
        _table = controller.Services.GetRequiredService<RevisionBuilder>().Build(controller.Services.GetRequiredService<LiveRevision>().Current, translation).Hosts;
        _first = LargeCluster.Host(0);
        _last = LargeCluster.Host(Hosts - 1);
        _unknown = "unknown.example.org";
    }

    [Benchmark(Description = "match: first host, first path")]
    public object? First() => Find(_first, "/index.html");

    [Benchmark(Description = "match: last host, last path")]
    public object? Last() => Find(_last, "/api/v9/resources/4711");

    [Benchmark(Description = "match: host in upper case with port, deep path")]
    public object? UpperCase() => Find("APP-9999.TEAM-99.EXAMPLE.COM:443", "/api/v9/resources/a/b/c/d/e/f/g/h");

    [Benchmark(Description = "match: no such host")]
    public object? None() => Find(_unknown, "/api/v9/resources/4711");

    private RouteEntry? Find(string host, string rawPath)
    {
        var path = RequestPath.Normalize(rawPath);
        return _table.Find(host, path.Match);
    }
}
