using System.CommandLine;
using IngressController.Admin;
using IngressController.Configuration;
using IngressController.Demo;
using IngressController.Hosting;

namespace IngressController.Cli;

/// <summary>The <c>demo</c> command: runs the controller with built-in Ingresses and backends.</summary>
internal static class DemoCommand
{
    /// <summary>The grace period is short, because requests to the demo are not important.</summary>
    private static readonly TimeSpan GracePeriod = TimeSpan.FromSeconds(0.5);

    public static async Task<int> RunAsync(ParseResult parsed, IngressOptions options, Terminal terminal, CancellationToken cancellation)
    {
        using var signals = new TerminationSignals();
        await using var backend = await EchoBackend.StartAsync(DemoCluster.Pods, CancellationToken.None);
        using var cluster = DemoCluster.Create(backend);
        await using var controller = await ServeCommand.StartAsync(
            options with
            {
                Source = new SourceOptions { Manifests = cluster.Folder },
                Shutdown = new ShutdownOptions { Delay = TimeSpan.Zero, GracePeriod = GracePeriod },
            },
            terminal, signals.Received);
        if (controller is null)
            return signals.Received.IsCancellationRequested ? 0 : CommandLine.Failure;

        var shutdown = controller.WaitForShutdownAsync(signals.Received);
        if (await Task.WhenAny(controller.WaitUntilReadyAsync(CancellationToken.None), shutdown) != shutdown)
            await terminal.Out.WriteLineAsync(Welcome(controller, cluster.Folder));
        await shutdown;
        await controller.StopAsync(CancellationToken.None);
        return 0;
    }

    private static string Welcome(ControllerHost controller, string folder)
    {
        var (http, https, admin) = (controller.HttpPort, controller.HttpsPort, controller.AdminPort);
        var routes = controller.Services.GetRequiredService<LiveState>().Routes().ToArray();
        return $"""

            {RouteTableText.Format(routes)}
            Try:
              curl http://shop.localhost:{http}/                       a Prefix rule, two Pods in turn
              curl 'http://shop.localhost:{http}/api/users?id=7'       the longest Prefix takes precedence
              curl http://shop.localhost:{http}/api/version            Exact takes precedence over Prefix
              curl -k https://shop.localhost:{https}/                   its own certificate, HTTP/2
              curl http://blue.apps.localhost:{http}/                  a wildcard host
              curl http://rpc.localhost:{http}/                        a backend with HTTP/2 without TLS
              curl -i http://soon.localhost:{http}/                    503: its Service does not exist
              curl http://localhost:{http}/anything                    the default backend
              curl http://localhost:{admin}/api/diagnostics            the problems of all objects

            Change the manifests in {folder} and try again: routes are updated at once. Ctrl-C ends the demo.

            """;
    }
}
