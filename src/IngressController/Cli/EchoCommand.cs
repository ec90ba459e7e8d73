using System.CommandLine;
using System.Globalization;
using IngressController.Configuration;
using IngressController.Demo;

namespace IngressController.Cli;

/// <summary>
/// The <c>echo</c> command: runs a backend of the demo alone, so that no other image is needed to test an Ingress in a cluster.
/// </summary>
internal static class EchoCommand
{
    private const string Service = "echo";

    public static async Task<int> RunAsync(ParseResult parsed, IngressOptions options, Terminal terminal, CancellationToken cancellation)
    {
        using var signals = new TerminationSignals();
        var (address, port) = (options.Listener.BindAddress, options.Listener.HttpPort);
        var pod = new EchoPod(Service, options.Pod.Name);
        EchoBackend backend;
        try
        {
            backend = await EchoBackend.StartAsync([pod], address, port, CancellationToken.None);
        }
        catch (Exception error) when (error is IOException or System.Net.Sockets.SocketException)
        {
            await terminal.WriteErrorAsync($"cannot listen on {address}, port {port}: {error.Message.TrimEnd('.')}; choose another port or address with --http-port or --bind-address");
            return CommandLine.Failure;
        }

        await using (backend)
        {
            var stopping = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            using var onSignal = signals.Received.Register(() => stopping.TrySetResult());
            await terminal.Out.WriteLineAsync($"listening on {address}, port {backend.Ports[pod]}");
            await stopping.Task;
            if (!signals.IsInterrupt)
                await DrainAsync(backend, options.Shutdown.Delay, terminal);
        }

        return 0;
    }

    /// <summary>
    /// Still answers during the delay, because senders do not know yet that the Pod is shutting down, and closes their connections.
    /// </summary>
    private static async Task DrainAsync(EchoBackend backend, TimeSpan delay, Terminal terminal)
    {
        backend.BeginDrain();
        await terminal.Out.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"shutting down: answers requests for another {delay.TotalSeconds} s"));
        await Task.Delay(delay);
    }
}
