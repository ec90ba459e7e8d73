using System.CommandLine;
using System.Net.Sockets;
using IngressController.Configuration;
using IngressController.Hosting;
using k8s.Exceptions;

namespace IngressController.Cli;

/// <summary><c>run</c>: serves until it is told to stop.</summary>
internal static partial class ServeCommand
{
    public static async Task<int> RunAsync(ParseResult parsed, IngressOptions options, Terminal terminal, CancellationToken cancellation)
    {
        using var signals = new TerminationSignals();
        await using var controller = await StartAsync(options, terminal, signals.Told);
        if (controller is null)
            return signals.Told.IsCancellationRequested ? 0 : CommandLine.Failure;
        var logger = controller.Services.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(ServeCommand));
        Log.Listening(logger, options.Listener.BindAddress, controller.HttpPort, controller.HttpsPort, controller.AdminPort);
        await controller.WaitUntilToldToStopAsync(signals.Told);
        if (signals.IsInterrupt)
            controller.Hurry();
        await controller.StopAsync(CancellationToken.None);
        // Where nobody told it to end, a part of it has failed, and has said so.
        return signals.Told.IsCancellationRequested ? 0 : CommandLine.Failure;
    }

    /// <summary>Starts the controller; null when it cannot start, which has been said then, or was told to stop meanwhile.</summary>
    public static async Task<ControllerHost?> StartAsync(IngressOptions options, Terminal terminal, CancellationToken cancellation)
    {
        // Until it runs, the host would log with a stack trace what is said here in one line.
        var isStarted = false;
        var controller = ControllerHost.Create(options, logging => logging.AddFilter("Microsoft.Extensions.Hosting", level => isStarted && level >= LogLevel.Warning));
        try
        {
            await controller.StartAsync(cancellation);
            isStarted = true;
            return controller;
        }
        catch (Exception error) when (Reason(error, options) is { } reason)
        {
            await terminal.ComplainAsync(reason);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // Told to stop before it was up: that is no failure.
        }

        await controller.DisposeAsync();
        return null;
    }

    private static string? Reason(Exception error, IngressOptions options) => error switch
    {
        KubeConfigException => error.Message,
        IOException { InnerException: Microsoft.AspNetCore.Connections.AddressInUseException } =>
            $"{error.Message.TrimEnd('.')}; stop the process that listens there, or choose another port with --http-port, --https-port or --admin-port",
        SocketException { SocketErrorCode: SocketError.AccessDenied } =>
            $"not permitted to listen on {Ports(options)}: {error.Message}; ports below 1024 require the capability NET_BIND_SERVICE",
        SocketException => $"cannot listen on {Ports(options)}: {error.Message}; check --bind-address",
        _ => null,
    };

    private static string Ports(IngressOptions options) =>
        $"{options.Listener.BindAddress}, ports {options.Listener.HttpPort}, {options.Listener.HttpsPort} and {options.Listener.AdminPort}";

    private static partial class Log
    {
        [LoggerMessage(Level = LogLevel.Information, Message = "listening on {Address}: HTTP on port {Http}, HTTPS on {Https}, admin on {Admin}")]
        public static partial void Listening(ILogger logger, System.Net.IPAddress address, int http, int https, int admin);
    }
}
