using IngressController.Admin;
using IngressController.Configuration;
using IngressController.Demo;
using IngressController.Hosting;

namespace IngressController.Cli;

/// <summary><c>demo</c>: the whole controller in front of built-in backends, with nothing else needed.</summary>
internal static class DemoCommand
{
    public static async Task<int> RunAsync(IngressOptions options, CancellationToken cancellation)
    {
        await using var backend = await EchoBackend.StartAsync(DemoCluster.Pods, cancellation);
        using var cluster = DemoCluster.Create(backend);
        try
        {
            await using var controller = ControllerHost.Create(options with { Source = options.Source with { Manifests = cluster.Folder } });
            await controller.StartAsync(cancellation);
            await controller.WaitUntilReadyAsync(cancellation);
            Print(controller, cluster.Folder);
            await controller.WaitForShutdownAsync(cancellation);
            return 0;
        }
        catch (IOException error)
        {
            await Console.Error.WriteLineAsync($"ingress-controller: {error.Message}");
            return 1;
        }
    }

    private static void Print(ControllerHost controller, string folder)
    {
        var (http, https, admin) = (controller.HttpPort, controller.HttpsPort, controller.AdminPort);
        var routes = controller.Services.GetRequiredService<LiveState>().Routes().ToArray();
        Console.WriteLine();
        Console.WriteLine(RouteTableText.Format(routes));
        Console.WriteLine($"""
            Try:
              curl http://shop.localhost:{http}/                       a Prefix rule, two Pods in turn
              curl http://shop.localhost:{http}/api/users?id=7         the longest Prefix wins
              curl http://shop.localhost:{http}/api/version            Exact goes before Prefix
              curl -k https://shop.localhost:{https}/                   its own certificate, HTTP/2
              curl http://blue.apps.localhost:{http}/                  a wildcard host
              curl http://rpc.localhost:{http}/                        a backend that speaks HTTP/2 without TLS
              curl -i http://soon.localhost:{http}/                    503: its Service does not exist
              curl http://localhost:{http}/anything                    the default backend
              curl http://localhost:{admin}/api/diagnostics            what is wrong, and where

            Change the manifests in {folder} and ask again: routes follow at once. Ctrl-C ends the demo.

            """);
    }
}
