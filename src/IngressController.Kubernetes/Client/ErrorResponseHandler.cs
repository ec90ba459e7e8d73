using System.Text;
using System.Text.Json;
using IngressController.Kubernetes.Serialization;
using k8s.Autorest;
using k8s.Models;

namespace IngressController.Kubernetes.Client;

/// <summary>
/// Turns error responses into an <see cref="ApiServerException"/>. The package would put the whole body into the message and leave its
/// Status undecoded.
/// </summary>
internal sealed class ErrorResponseHandler(TimeProvider time) : DelegatingHandler
{
    /// <summary>Maximum size of a body in bytes. No Status is longer; any other body is cut.</summary>
    private const int MaxErrorBody = 64 * 1024;

    private const int MaxExcerpt = 200;

    /// <exception cref="ApiServerException">The server answered with an error.</exception>
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var response = await base.SendAsync(request, cancellationToken).ConfigureAwait(false);
        if (response.IsSuccessStatusCode)
            return response;
        using (response)
        {
            var body = await ReadAsync(response, cancellationToken).ConfigureAwait(false);
            var status = StatusOf(body);
            var excerpt = Excerpt(body);
            throw new ApiServerException(
                $"{request.Method} {request.RequestUri?.PathAndQuery}", response.StatusCode, status, status is null ? excerpt : null, RetryAfter(response))
            {
                Response = new HttpResponseMessageWrapper(response, excerpt),
            };
        }
    }

    private static async Task<byte[]> ReadAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        try
        {
            await using var body = await ResponseBody.OpenAsync(response, cancellation).ConfigureAwait(false);
            var buffer = new byte[MaxErrorBody];
            var count = await body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellation).ConfigureAwait(false);
            return buffer[..count];
        }
        catch (Exception error) when (error is IOException or HttpRequestException or InvalidDataException)
        {
            return []; // the status code is known and says more than the broken connection
        }
    }

    private static V1Status? StatusOf(byte[] body)
    {
        try
        {
            return JsonSerializer.Deserialize(body, ApiJson.Of<V1Status>()) is { } status
                && (status.Reason is not null || status.Message is not null || status.Code is not null) ? status : null;
        }
        catch (JsonException)
        {
            return null; // a proxy's page or an empty body, which the excerpt shows
        }
    }

    private TimeSpan? RetryAfter(HttpResponseMessage response) => response.Headers.RetryAfter switch
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
