using IngressController.Configuration;
using IngressController.Hosting;
using IngressController.Kubernetes.Client;

namespace IngressController.Cli;

/// <summary><c>run</c>: serves until it is told to stop.</summary>
internal static class ServeCommand
{
    public static async Task<int> RunAsync(IngressOptions options, CancellationToken cancellation)
    {
        try
        {
            await using var controller = ControllerHost.Create(options);
            await controller.StartAsync(cancellation);
            await controller.WaitForShutdownAsync(cancellation);
            return 0;
        }
        catch (Exception error) when (error is KubeConfigException or IOException)
        {
            await Console.Error.WriteLineAsync($"ingress-controller: {error.Message}");
            return 1;
        }
    }
}
