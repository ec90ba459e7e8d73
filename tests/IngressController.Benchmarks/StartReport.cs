using System.Diagnostics;
using System.Net;

namespace IngressController.Benchmarks;

/// <summary>
/// Reports the time from the start of the process until it is ready, and its resident memory then and later. The real program runs in a
/// separate process with an API server of generated objects.
/// </summary>
/// <param name="Ingresses">The number of Ingresses; each has one host, two paths, a Service and a slice with two endpoints.</param>
/// <param name="Tls">True if each Ingress has its own Secret.</param>
/// <param name="Program">The published program; by default the program that was built with this project.</param>
/// <param name="Runs">The number of starts.</param>
/// <param name="Settle">The time after ready when the memory is measured again.</param>
internal sealed record StartReport(int Ingresses, bool Tls, string Program, int Runs, TimeSpan Settle)
{
    /// <param name="args"><c>[N] [tls] [--program FILE] [--runs N] [--settle SECONDS]</c></param>
    public static StartReport Parse(string[] args) => new(
        args is [var count, ..] ? int.Parse(count) : 10_000,
        args.Contains("tls"),
        Value(args, "--program") ?? typeof(Cli.RunOption).Assembly.Location,
        int.Parse(Value(args, "--runs") ?? "1"),
        TimeSpan.FromSeconds(int.Parse(Value(args, "--settle") ?? "15")));

    public async Task<int> RunAsync()
    {
        await using var api = await GeneratedApiServer.StartAsync(Ingresses, Tls);
        var kubeconfig = Path.GetTempFileName();
        await File.WriteAllTextAsync(kubeconfig, $$"""
            {"apiVersion":"v1","kind":"Config","current-context":"c","contexts":[{"name":"c","context":{"cluster":"c","user":"u"} }],
             "clusters":[{"name":"c","cluster":{"server":"{{api.Address}}"} }],"users":[{"name":"u","user":{} }]}
            """);
        try
        {
            // The first start warms up this process and the file system cache.
            await StartAsync(kubeconfig, TimeSpan.Zero);
            var starts = new List<Start>();
            for (var run = 0; run < Runs; run++)
                starts.Add(await StartAsync(kubeconfig, Settle));
            Console.WriteLine(
                $"{Ingresses} Ingresses{(Tls ? " with Secrets" : "")}, median of {Runs}: ready after {Median(starts, start => start.Ready.TotalMilliseconds):0} ms "
                + $"({Median(starts, start => start.Cpu.TotalMilliseconds):0} ms of CPU), fastest {starts.Min(start => start.Ready.TotalMilliseconds):0} ms; "
                + $"resident {Median(starts, start => start.AtReady):0} MiB then, {Median(starts, start => start.Settled):0} MiB {Settle.TotalSeconds:0} s later");
            return 0;
        }
        finally
        {
            File.Delete(kubeconfig);
        }
    }

    private async Task<Start> StartAsync(string kubeconfig, TimeSpan settle)
    {
        var adminPort = FreePort();
        string[] arguments =
        [
            "run", "--kubeconfig", kubeconfig, "--bind-address", "127.0.0.1", "--http-port", "0", "--https-port", "0", "--admin-port", $"{adminPort}",
        ];
        var isLibrary = Program.EndsWith(".dll", StringComparison.Ordinal);
        var info = new ProcessStartInfo(isLibrary ? "dotnet" : Program, isLibrary ? [Program, .. arguments] : arguments) { RedirectStandardOutput = true };
        var start = Stopwatch.GetTimestamp();
        using var controller = Process.Start(info) ?? throw new InvalidOperationException("the controller did not start");
        controller.BeginOutputReadLine();
        try
        {
            using var client = new HttpClient();
            while (!await IsReadyAsync(client, adminPort) && !controller.HasExited)
                await Task.Delay(2);
            var ready = Stopwatch.GetElapsedTime(start);
            controller.Refresh();
            var cpu = controller.TotalProcessorTime;
            var atReady = ResidentMiB(controller);
            await Task.Delay(settle);
            return new Start(ready, cpu, atReady, ResidentMiB(controller));
        }
        finally
        {
            controller.Kill();
        }
    }

    private static async Task<bool> IsReadyAsync(HttpClient client, int port)
    {
        try
        {
            return (await client.GetAsync($"http://127.0.0.1:{port}/readyz")).IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false; // not listening yet
        }
    }

    private static double ResidentMiB(Process process)
    {
        process.Refresh();
        return process.WorkingSet64 / 1024.0 / 1024.0;
    }

    private static int FreePort()
    {
        using var listener = new System.Net.Sockets.TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }

    private static string? Value(string[] args, string name) => Array.IndexOf(args, name) is >= 0 and var at ? args[at + 1] : null;

    private static double Median(List<Start> starts, Func<Start, double> figure) => starts.Select(figure).Order().ElementAt(starts.Count / 2);

    private sealed record Start(TimeSpan Ready, TimeSpan Cpu, double AtReady, double Settled);
}
