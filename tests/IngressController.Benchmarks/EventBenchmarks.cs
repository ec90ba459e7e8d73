using BenchmarkDotNet.Attributes;
using IngressController.Events;
using IngressController.Routing.Diagnostics;
using IngressController.Routing.Translation;
using k8s.Models;

namespace IngressController.Benchmarks;

/// <summary>The cost of planning Events at 10,000 Ingresses, which the leader does at most once per second.</summary>
[MemoryDiagnoser]
public class EventBenchmarks
{
    private const int Ingresses = 10_000;
    private readonly DateTime _start = new(2030, 1, 1, 0, 0, 0, DateTimeKind.Utc);
    private Translation _live = null!;
    private EventState _state = null!;
    private Diagnostic[] _diagnostics = [];

    [Params(1, 100)]
    public int InvalidPercent { get; set; }

    [GlobalSetup]
    public void Setup()
    {
        var cluster = LargeCluster.Create(Ingresses, pathsPerHost: 2);
        var ingresses = cluster.Ingresses.ToBuilder();
        for (var i = 0; i < Ingresses; i++)
        {
            var name = new ResourceName($"team-{i % 100}", $"app-{i}");
            var metadata = new V1ObjectMeta { Name = name.Name, NamespaceProperty = name.Namespace, Uid = $"{i}", ResourceVersion = "1", Generation = 1 };
            ingresses[name] = new V1Ingress { Metadata = metadata, Spec = ingresses[name].Spec };
        }

        var invalid = Enumerable.Range(0, Ingresses * InvalidPercent / 100).Select(i => new ResourceName($"team-{i % 100}", $"app-{i}"));
        _live = RoutingTableTranslator.Translate(
            cluster with { Ingresses = ingresses.ToImmutable(), Services = cluster.Services.RemoveRange(invalid) }, new TranslationSettings());
        _diagnostics = [.. _live.CollectDiagnostics()];
        var plan = EventPlanner.Plan(EventState.Initial, Seen(), int.MaxValue);
        _state = plan.State.EndWrites([.. plan.Writes.Select(write => new EventOutcome(write.Key, 1, _start))], _start);
    }

    [Benchmark(Description = "collect the diagnostics")]
    public object Collect() => _live.CollectDiagnostics();

    [Benchmark(Description = "plan without changes")]
    public object Plan() => EventPlanner.Plan(_state, Seen(), EventQueue.Capacity);

    [Benchmark(Description = "plan of a new leader")]
    public object PlanNew() => EventPlanner.Plan(EventState.Initial, Seen(), EventQueue.Capacity);

    private EventObservation Seen() => new(_diagnostics, subject => EventObject.Find(_live, subject), _start);
}
