using System.Buffers;
using System.IO.Pipelines;
using System.Text.Json;
using IngressController.Kubernetes.Resources;
using IngressController.Kubernetes.Serialization;
using k8s;
using k8s.Models;

namespace IngressController.Kubernetes.Client;

/// <summary>
/// Decodes a list while it arrives. Only the object that is being received is buffered, and no byte is scanned twice for its end: the
/// reader's state is kept between reads.
/// </summary>
internal sealed class ListDecoder<T>(ResourceType<T> resource)
    where T : class, IKubernetesObject<V1ObjectMeta>
{
    private enum Member
    {
        Other,
        Items,
        Metadata,
    }

    private readonly List<T> _items = [];
    private readonly List<UndecodableObject> _undecodable = [];
    private V1ListMeta? _metadata;
    private JsonReaderState _state = new(ObjectDecoder.ScanOptions);
    private Member _member;
    private bool _sawItems;
    private bool _ended;

    /// <summary>True if a value to decode has begun but not ended; its bytes are at the start of the buffer.</summary>
    private bool _isInValue;

    /// <summary>Number of bytes at the start of the buffer that the reader has seen.</summary>
    private long _scanned;

    /// <exception cref="JsonException">The stream is not a complete list.</exception>
    public async Task<ListPage<T>> ReadAsync(Stream body, Action onProgress, CancellationToken cancellation)
    {
        var pipe = PipeReader.Create(body, new StreamPipeReaderOptions(bufferSize: 32 * 1024, minimumReadSize: 4 * 1024, leaveOpen: true));
        try
        {
            while (true)
            {
                var result = await pipe.ReadAsync(cancellation).ConfigureAwait(false);
                onProgress();
                var consumed = Scan(result.Buffer, result.IsCompleted);
                pipe.AdvanceTo(result.Buffer.GetPosition(consumed), result.Buffer.End);
                if (result.IsCompleted)
                    break;
            }
        }
        finally
        {
            await pipe.CompleteAsync().ConfigureAwait(false);
        }

        if (!_ended || !_sawItems)
            throw new JsonException($"the response is not a complete list of {resource}");
        return new ListPage<T>(_items, _undecodable, _metadata?.ResourceVersion, _metadata?.ContinueProperty);
    }

    /// <returns>Number of bytes that are consumed.</returns>
    private long Scan(ReadOnlySequence<byte> buffer, bool isFinal)
    {
        var origin = _scanned;
        if (isFinal && buffer.Length == origin)
            return _ended ? origin : throw new JsonException($"the list of {resource} ended early");

        var reader = new Utf8JsonReader(buffer.Slice(origin), isFinal, _state);
        long start = 0;
        while (reader.Read())
        {
            var depth = reader.CurrentDepth;
            switch (reader.TokenType)
            {
                case JsonTokenType.PropertyName when depth == 1:
                    _member = reader.ValueTextEquals("items"u8) ? Member.Items
                        : reader.ValueTextEquals("metadata"u8) ? Member.Metadata
                        : Member.Other;
                    _sawItems |= _member == Member.Items;
                    continue;
                case JsonTokenType.EndObject when depth == 0:
                    _ended = true;
                    continue;
                case JsonTokenType.StartArray when depth == 1 && _member == Member.Items:
                case JsonTokenType.EndArray when depth == 1:
                    continue;
            }

            // The objects are at depth two, the list's metadata at depth one.
            if (_member == Member.Other || depth != (_member == Member.Items ? 2 : 1))
                continue;
            if (reader.TokenType is not (JsonTokenType.EndObject or JsonTokenType.EndArray))
            {
                start = origin + reader.TokenStartIndex;
                _isInValue = true;
                if (reader.TokenType is JsonTokenType.StartObject or JsonTokenType.StartArray)
                    continue;
            }

            Decode(buffer.Slice(start, origin + reader.BytesConsumed - start));
            _isInValue = false;
        }

        _state = reader.CurrentState;
        var end = origin + reader.BytesConsumed;
        var consumed = _isInValue ? start : end;
        _scanned = end - consumed;
        return consumed;
    }

    private void Decode(ReadOnlySequence<byte> json)
    {
        if (_member == Member.Metadata)
        {
            var reader = new Utf8JsonReader(json);
            _metadata = JsonSerializer.Deserialize(ref reader, ApiJson.Of<V1ListMeta>());
            return;
        }

        if (ObjectDecoder.Decode(json, resource.TypeInfo, out var undecodable) is { } item)
            _items.Add(item);
        else
            _undecodable.Add(undecodable!);
    }
}
