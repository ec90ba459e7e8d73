using System.IO.Compression;
using System.Net;
using System.Text;
using System.Text.Json;
using IngressController.Kubernetes.Models;

namespace IngressController.Kubernetes.Client;

/// <summary>An answer whose body is still to be read; disposing it gives the connection and the transport back.</summary>
internal sealed class ApiResponse(HttpResponseMessage message, TransportStore.Lease lease) : IDisposable
{
    /// <summary>No Status is longer; a body that is none is cut here.</summary>
    private const int MaxErrorBody = 64 * 1024;

    private const int MaxExcerpt = 200;

    public HttpStatusCode StatusCode => message.StatusCode;

    public bool IsSuccess => message.IsSuccessStatusCode;

    /// <summary>The body, decompressed while it is read.</summary>
    public async Task<Stream> OpenAsync(CancellationToken cancellation)
    {
        var body = await message.Content.ReadAsStreamAsync(cancellation).ConfigureAwait(false);
        return message.Content.Headers.ContentEncoding.Contains("gzip") ? new GZipStream(body, CompressionMode.Decompress) : body;
    }

    public async Task<KubernetesException> ToExceptionAsync(string action, TimeProvider time, CancellationToken cancellation)
    {
        var body = await ReadErrorAsync(cancellation).ConfigureAwait(false);
        V1Status? status = null;
        try
        {
            status = JsonSerializer.Deserialize(body, KubernetesJsonContext.Default.V1Status);
        }
        catch (JsonException)
        {
            // A proxy's page, or nothing: the excerpt says it.
        }

        var isStatus = status is { Reason: not null } or { Message: not null } or { Code: not null };
        return new KubernetesException(action, StatusCode, isStatus ? status : null, isStatus ? null : Excerpt(body), RetryAfter(time));
    }

    public void Dispose()
    {
        message.Dispose();
        lease.Dispose();
    }

    private async Task<byte[]> ReadErrorAsync(CancellationToken cancellation)
    {
        try
        {
            await using var body = await OpenAsync(cancellation).ConfigureAwait(false);
            var buffer = new byte[MaxErrorBody];
            var count = await body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellation).ConfigureAwait(false);
            return buffer[..count];
        }
        catch (Exception error) when (error is IOException or HttpRequestException or InvalidDataException)
        {
            return []; // the status code is known, and says more than the broken connection
        }
    }

    private TimeSpan? RetryAfter(TimeProvider time) => message.Headers.RetryAfter switch
    {
        { Delta: { } delta } => delta,
        { Date: { } date } when date > time.GetUtcNow() => date - time.GetUtcNow(),
        _ => null,
    };

    private static string Excerpt(byte[] body)
    {
        var text = Encoding.UTF8.GetString(body.AsSpan(0, Math.Min(body.Length, MaxExcerpt * 4))).Trim().ReplaceLineEndings(" ");
        return text.Length <= MaxExcerpt ? text : text[..MaxExcerpt] + "...";
    }
}
