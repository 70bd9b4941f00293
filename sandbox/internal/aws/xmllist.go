package awsworld

import "encoding/xml"

// The lists of XML answers. An empty one is an empty element, as the services write it; clients tell that from a list that
// is not there.
type (
	// list is EC2's: its elements are called item.
	list[T any] []T
	// members is that of the query protocol: its elements are called member.
	members[T any] []T
)

// MarshalXML writes the list's element with one element for each item.
func (l list[T]) MarshalXML(e *xml.Encoder, start xml.StartElement) error {
	return marshalAs(e, start, "item", l)
}

// MarshalXML writes the list's element with one element for each member.
func (l members[T]) MarshalXML(e *xml.Encoder, start xml.StartElement) error {
	return marshalAs(e, start, "member", l)
}

func marshalAs[T any](e *xml.Encoder, start xml.StartElement, name string, items []T) error {
	if err := e.EncodeToken(start); err != nil {
		return err
	}
	for _, item := range items {
		if err := e.EncodeElement(item, xml.StartElement{Name: xml.Name{Local: name}}); err != nil {
			return err
		}
	}
	return e.EncodeToken(start.End())
}
