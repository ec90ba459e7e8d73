using System.Buffers;
using System.Collections.Concurrent;
using IngressController.Exchanges;
using IngressController.Http;
using IngressController.Pipeline;
using IngressController.Shutdown;
using IngressController.Upstream.Http1;
using Microsoft.Net.Http.Headers;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Model;

namespace IngressController.Forwarding;

/// <summary>
/// Forwards requests over HTTP/1.1 without the messages of the HTTP client: the head is written from the header fields of the client, and the
/// response is read into that for the client. Failures are reported as YARP's forwarder does.
/// </summary>
internal sealed class Http1Forwarder(CutResponse cut, Drain drain)
{
    private static readonly SearchValues<char> TargetCharacters = SearchValues.Create([.. Enumerable.Range('!', '~' - '!' + 1).Select(code => (char)code)]);

    private readonly ConcurrentBag<RequestHeadWriter> _writers = [];

    /// <summary>True if a request can be forwarded without the HTTP client: no upgrade, and nothing that changes its messages.</summary>
    public static bool Suits(ProxyRequest request)
    {
        var (plan, message) = (request.Route.Plan, request.Context.Request);
        return plan.Transforms is null && !plan.NeedsMessages && message.Headers.Upgrade.Count == 0 && !HttpMethods.IsConnect(message.Method)
            && !request.TargetForBackend.AsSpan().ContainsAnyExcept(TargetCharacters);
    }

    /// <summary>Forwards a request to an endpoint.</summary>
    /// <param name="request">The request.</param>
    /// <param name="client">The connections.</param>
    /// <param name="destination">The endpoint.</param>
    /// <param name="limits">The time limits; null for the defaults.</param>
    /// <param name="ending">Ends the attempt.</param>
    public async ValueTask<ForwarderError> SendAsync(
        ProxyRequest request, Http1Client client, DestinationState destination, TimeLimits? limits = null, CancellationToken ending = default)
    {
        var context = request.Context;
        var writer = _writers.TryTake(out var pooled) ? pooled : new RequestHeadWriter();
        try
        {
            Http1Connection connection;
            try
            {
                WriteFields(request, client, destination, writer);
                connection = client.TryTake(destination.DestinationId) ?? await ConnectAsync(client, destination.DestinationId, limits, context.RequestAborted, ending);
            }
            catch (Exception error)
            {
                return Http1Failure.Report(
                    context, context.RequestAborted.IsCancellationRequested ? ForwarderError.RequestCanceled : ForwarderError.Request, error);
            }

            connection.Limits = limits;
            var exchange = new Http1Exchange(request, connection, cut, drain);
            var registration = context.RequestAborted.UnsafeRegister(static connection => ((Http1Connection)connection!).Abort(), connection);
            var end = ending.UnsafeRegister(static connection => ((Http1Connection)connection!).Abort(), connection);
            try
            {
                return await exchange.RunAsync(writer);
            }
            finally
            {
                // Before another request gets the connection.
                await registration.DisposeAsync();
                await end.DisposeAsync();
                if (exchange.Rest is { } rest)
                    _ = ReplacedResponse.DiscardAsync(connection, rest, client.Time);
                else if (exchange.IsConnectionReusable)
                    connection.Return();
                else
                    connection.End();
            }
        }
        finally
        {
            writer.Clear();
            _writers.Add(writer);
        }
    }

    private static async ValueTask<Http1Connection> ConnectAsync(
        Http1Client client, string endpoint, TimeLimits? limits, CancellationToken aborted, CancellationToken ending)
    {
        if (!ending.CanBeCanceled)
            return await client.ConnectAsync(endpoint, limits?.Connect, aborted);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(aborted, ending);
        return await client.ConnectAsync(endpoint, limits?.Connect, either.Token);
    }

    private static void WriteFields(ProxyRequest request, Http1Client client, DestinationState destination, RequestHeadWriter writer)
    {
        ForwardedFields.Write(request, writer);
        foreach (var change in request.Route.Plan.RequestChanges)
            change.Apply(request, writer);
        // After all changes, each of which can set the host.
        writer.Host = HostOf(writer, request.Context.Request.Headers.Host.ToString(), destination.DestinationId, client.IsHttps);
        writer.Remove(HeaderNames.Host);
        // The body is framed for this connection.
        writer.Remove(HeaderNames.ContentLength);
    }

    /// <summary>The one host of a request: its own, that of the client, or none, which is an empty one (RFC 9112, 3.2).</summary>
    private static string HostOf(RequestHeadWriter writer, string client, string endpoint, bool isHttps)
    {
        var (count, host) = writer.Find(HeaderNames.Host);
        return count == 1 && RequestHost.IsValid(host) ? host!
            // Removed on purpose: the endpoint gets its own address.
            : count == 0 && client.Length > 0 ? WithoutDefaultPort(endpoint, isHttps)
            : client;
    }

    private static string WithoutDefaultPort(string endpoint, bool isHttps)
    {
        var port = isHttps ? ":443" : ":80";
        return endpoint.EndsWith(port, StringComparison.Ordinal) ? endpoint[..^port.Length] : endpoint;
    }
}
