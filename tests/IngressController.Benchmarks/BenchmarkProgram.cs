using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Exporters;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;

namespace IngressController.Benchmarks;

internal static class BenchmarkProgram
{
    /// <summary>
    /// <c>memory [N] [tls] [--program FILE] [--runs N] [--settle SECONDS]</c> measures the start time and the memory with N Ingresses, with
    /// <c>tls</c> each with its own Secret. <c>objects</c> measures the memory of a decoded object. Other arguments are passed to
    /// BenchmarkDotNet, for example <c>--filter '*'</c>.
    /// </summary>
    public static async Task<int> Main(string[] args)
    {
        if (args is ["memory", ..])
            return await StartReport.Parse(args[1..]).RunAsync();
        if (args is ["objects"])
            return ObjectMemoryReport.Run();

        // In process: no project has to be generated and restored, so it runs wherever the repository builds.
        var config = ManualConfig.CreateEmpty()
            .AddJob(Job.ShortRun.WithToolchain(InProcessEmitToolchain.Instance).WithWarmupCount(3).WithIterationCount(9))
            .AddDiagnoser(MemoryDiagnoser.Default)
            .AddColumnProvider(DefaultColumnProviders.Instance)
            .AddColumn(StatisticColumn.Median)
            .AddExporter(MarkdownExporter.GitHub)
            .AddLogger(ConsoleLogger.Default);
        BenchmarkSwitcher.FromAssembly(typeof(BenchmarkProgram).Assembly).Run(args, config);
        return 0;
    }
}
