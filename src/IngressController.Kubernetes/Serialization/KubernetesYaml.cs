using YamlDotNet.Core;

namespace IngressController.Kubernetes.Serialization;

/// <summary>
/// Reads YAML 1.2 and JSON into JSON nodes with the scalar rules of the Kubernetes reader: plain scalars become booleans, numbers or null,
/// quoted ones stay strings. What kubectl reads is read: JSON objects one after another, flow collections and quoted text that continue
/// with less indentation, and keys that occur twice.
/// </summary>
public static class KubernetesYaml
{
    /// <summary>Returns all documents of the text; empty documents are ignored.</summary>
    /// <exception cref="KubernetesYamlException">A document cannot be read.</exception>
    public static IReadOnlyList<KubernetesDocument> LoadAll(TextReader text)
    {
        var documents = ReadAll(text);
        return documents.FirstOrDefault(document => document.Error is not null)?.Error is { } error ? throw error : documents;
    }

    /// <summary>
    /// Returns all documents of the text, in order. One that cannot be read has an <see cref="KubernetesDocument.Error"/> and does not
    /// affect the others.
    /// </summary>
    public static IReadOnlyList<KubernetesDocument> ReadAll(TextReader text)
    {
        // Standard input keeps its byte order mark.
        if (text.Peek() == '\uFEFF')
            _ = text.Read();
        var documents = new List<KubernetesDocument>();
        foreach (var part in DocumentPart.Split(text.ReadToEnd()))
        {
            if (part.IsJson)
                JsonDocuments.Read(part, documents);
            else
                documents.AddRange(ReadYaml(part));
        }

        return documents;
    }

    internal static List<KubernetesDocument> ReadYaml(DocumentPart part)
    {
        try
        {
            return YamlComposer.Compose(part.Text, part.FirstLine);
        }
        catch (Exception error) when (IsMalformed(error))
        {
            return Repair(part, error);
        }
    }

    /// <summary>Reads a part again with the indentation that the parser wants, and not the format.</summary>
    private static List<KubernetesDocument> Repair(DocumentPart part, Exception error)
    {
        var repaired = FlowIndentation.Repair(part.Text);
        try
        {
            if (repaired != part.Text)
                return YamlComposer.Compose(repaired, part.FirstLine);
        }
        catch (Exception second) when (IsMalformed(second))
        {
            error = second;
        }

        var explained = YamlErrorText.Explain(part, error);
        return [new KubernetesDocument(explained.Line, null) { Error = explained }];
    }

    /// <summary>True for what the parser throws; for some malformed input that is not its own exception.</summary>
    internal static bool IsMalformed(Exception error) =>
        error is YamlException or KubernetesYamlException or ArgumentException or InvalidOperationException or IndexOutOfRangeException or InvalidCastException;
}
