using System.CommandLine;
using System.Net.Sockets;
using IngressController.Configuration;
using IngressController.Hosting;
using k8s.Exceptions;

namespace IngressController.Cli;

/// <summary>The <c>run</c> command: serves until a signal ends it.</summary>
internal static partial class ServeCommand
{
    public static async Task<int> RunAsync(ParseResult parsed, IngressOptions options, Terminal terminal, CancellationToken cancellation)
    {
        using var signals = new TerminationSignals();
        await using var controller = await StartAsync(options, terminal, signals.Received);
        if (controller is null)
            return signals.Received.IsCancellationRequested ? 0 : CommandLine.Failure;
        var logger = controller.Services.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(ServeCommand));
        Log.Listening(logger, options.Listener.BindAddress, controller.HttpPort, controller.HttpsPort, controller.AdminPort);
        await controller.WaitForShutdownAsync(signals.Received);
        if (signals.IsInterrupt)
            controller.SkipShutdownDelay();
        await controller.StopAsync(CancellationToken.None);
        // Without a signal, a failed service has stopped the host and has logged why.
        return signals.Received.IsCancellationRequested ? 0 : CommandLine.Failure;
    }

    /// <summary>
    /// Starts the controller. Returns null when it cannot start, after it has written the reason, or when it is stopped meanwhile.
    /// </summary>
    public static async Task<ControllerHost?> StartAsync(IngressOptions options, Terminal terminal, CancellationToken cancellation)
    {
        // Before the start is complete, the host would log errors with a stack trace that are written here as one line.
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
            await terminal.WriteErrorAsync(reason);
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            // Stopped during the start, which is not a failure.
        }

        await controller.DisposeAsync();
        return null;
    }

    private static string? Reason(Exception error, IngressOptions options) => error switch
    {
        KubeConfigException or OptionException => error.Message,
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
