//go:build vision

package opencv

import (
	"errors"
	"fmt"

	"github.com/asticode/go-astiav"

	"github.com/gatehouse-iot/gatehouse/vision"
)

// Codec is a video coding standard.
type Codec string

const (
	H264 Codec = "H.264"
	H265 Codec = "H.265"
)

// MaxSide is the largest width or height, in pixels, that is decoded.
const MaxSide = 8192

// Decoder turns access units into pictures. It is not safe for concurrent use, and must be closed.
type Decoder struct {
	codec   Codec
	ctx     *astiav.CodecContext
	packet  *astiav.Packet
	frame   *astiav.Frame // being received
	newest  *astiav.Frame // the last whole picture
	out     *astiav.Frame // scaled
	scale   *astiav.SoftwareScaleContext
	from    geometry // what scale was created for
	have    bool
	started bool     // a key frame has been seen
	params  [][]byte // parameter sets before it
}

type geometry struct {
	w, h, outW, outH int
	format           astiav.PixelFormat
}

// NewDecoder returns a decoder that uses one thread.
func NewDecoder(c Codec) (*Decoder, error) {
	astiav.SetLogLevel(astiav.LogLevelQuiet) // a broken stream shows in its camera's state
	id := astiav.CodecIDH264
	if c == H265 {
		id = astiav.CodecIDHevc
	}
	codec := astiav.FindDecoder(id)
	if codec == nil {
		return nil, fmt.Errorf("this machine's FFmpeg has no decoder for %s", c)
	}
	d := &Decoder{
		codec:  c,
		ctx:    astiav.AllocCodecContext(codec),
		packet: astiav.AllocPacket(),
		frame:  astiav.AllocFrame(),
		newest: astiav.AllocFrame(),
		out:    astiav.AllocFrame(),
	}
	d.ctx.SetThreadCount(1)
	bounds, err := limits()
	if err != nil {
		d.Close()
		return nil, err
	}
	defer bounds.Free()
	if err := d.ctx.Open(codec, bounds); err != nil {
		d.Close()
		return nil, fmt.Errorf("open decoder for %s: %w", c, err)
	}
	return d, nil
}

// startCode separates NAL units in a byte stream (H.264 annex B, H.265 annex B).
var startCode = [4]byte{0, 0, 0, 1}

// padding is how far FFmpeg may read beyond the end of a packet.
const padding = 64

// Decode takes one access unit, as NAL units without start codes, and returns the number of
// pictures that it yielded. Units before the first key frame are skipped, since they cannot be
// decoded. After an error the next unit may be decoded, unless its code is too_large: the stream's
// pictures are over the limits.
func (d *Decoder) Decode(unit [][]byte) (pictures int, err error) {
	if err := admit(d.codec, unit); err != nil {
		return 0, err
	}
	if !d.started {
		if !d.codec.StartsPicture(unit) {
			d.Prepare(unit)
			return 0, nil
		}
		if err := admit(d.codec, d.params); err != nil {
			d.params = nil // the next key frame may bring new ones
			return 0, err
		}
		d.started = true
		unit = append(d.params, unit...)
		d.params = nil
	}
	size := padding
	for _, n := range unit {
		size += len(startCode) + len(n)
	}
	data := make([]byte, 0, size)
	for _, n := range unit {
		data = append(append(data, startCode[:]...), n...)
	}
	if len(data) == 0 {
		return 0, nil
	}
	length := len(data)
	if err := d.packet.FromData(data[:length+padding]); err != nil {
		return 0, fmt.Errorf("make packet: %w", err)
	}
	d.packet.SetSize(length)
	err = d.ctx.SendPacket(d.packet)
	d.packet.Unref()
	if err != nil {
		return 0, fmt.Errorf("decode %s: %w", d.codec, err)
	}
	return d.receive()
}

// Prepare passes parameter sets that the first key frame may need: those of a stream's description,
// or those sent before it. It ignores other units.
func (d *Decoder) Prepare(units [][]byte) {
	for _, n := range units {
		if _, ok := d.codec.ParameterSet(n); ok && len(n) <= 4096 {
			d.params = append(d.params, append([]byte(nil), n...))
		}
	}
	if n := len(d.params); n > 16 {
		d.params = d.params[n-16:]
	}
}

// Flush decodes the pictures that are still buffered at the end of a stream.
func (d *Decoder) Flush() (pictures int, err error) {
	if err := d.ctx.SendPacket(nil); err != nil {
		return 0, fmt.Errorf("flush decoder: %w", err)
	}
	return d.receive()
}

func (d *Decoder) receive() (pictures int, err error) {
	for {
		switch err := d.ctx.ReceiveFrame(d.frame); {
		case errors.Is(err, astiav.ErrEagain), errors.Is(err, astiav.ErrEof):
			return pictures, nil
		case err != nil:
			return pictures, fmt.Errorf("decode %s: %w", d.codec, err)
		}
		if w, h := d.frame.Width(), d.frame.Height(); w < 16 || h < 16 || w > MaxSide ||
			h > MaxSide {
			d.frame.Unref()
			return pictures, fmt.Errorf("pictures of %dx%d are not taken", w, h)
		}
		d.newest.Unref()
		d.newest.MoveRef(d.frame)
		d.have = true
		pictures++
	}
}

// Size is the size of the newest picture, 0x0 before the first.
func (d *Decoder) Size() (width, height int) {
	if !d.have {
		return 0, 0
	}
	return d.newest.Width(), d.newest.Height()
}

// Picture copies the newest picture out, shrunk as vision.VideoBounds says.
func (d *Decoder) Picture(maxWidth int) (vision.Frame, error) {
	if !d.have {
		return vision.Frame{}, fmt.Errorf("no picture has been decoded yet")
	}
	g := geometry{
		w:      d.newest.Width(),
		h:      d.newest.Height(),
		format: d.newest.PixelFormat(),
	}
	g.outW, g.outH = vision.VideoBounds(g.w, g.h, maxWidth)
	if err := d.prepare(g); err != nil {
		return vision.Frame{}, err
	}
	if err := d.scale.ScaleFrame(d.newest, d.out); err != nil {
		return vision.Frame{}, fmt.Errorf("convert picture: %w", err)
	}
	pix, err := d.out.Data().Bytes(1)
	if err != nil {
		return vision.Frame{}, fmt.Errorf("copy picture: %w", err)
	}
	f := vision.Frame{
		Width:  g.outW,
		Height: g.outH,
		Pix:    pix,
	}
	if !f.Valid() {
		return f, fmt.Errorf("picture of %dx%d holds %d bytes", f.Width, f.Height, len(pix))
	}
	return f, nil
}

// prepare creates the scaler again if the stream's format has changed.
func (d *Decoder) prepare(g geometry) error {
	if d.scale != nil && d.from == g {
		return nil
	}
	if d.scale != nil {
		d.scale.Free()
		d.scale = nil
	}
	flags := astiav.NewSoftwareScaleContextFlags(astiav.SoftwareScaleContextFlagBilinear)
	s, err := astiav.CreateSoftwareScaleContext(g.w, g.h, g.format, g.outW, g.outH,
		astiav.PixelFormatBgr24, flags)
	if err != nil {
		return fmt.Errorf("make scaler from %v: %w", g.format, err)
	}
	d.out.Unref()
	d.out.SetWidth(g.outW)
	d.out.SetHeight(g.outH)
	d.out.SetPixelFormat(astiav.PixelFormatBgr24)
	if err := d.out.AllocBuffer(1); err != nil {
		s.Free()
		return fmt.Errorf("make room for a picture: %w", err)
	}
	d.scale, d.from = s, g
	return nil
}

// Close frees everything. It may be called twice.
func (d *Decoder) Close() {
	if d.ctx == nil {
		return
	}
	if d.scale != nil {
		d.scale.Free()
	}
	d.packet.Free()
	d.frame.Free()
	d.newest.Free()
	d.out.Free()
	d.ctx.Free()
	d.ctx = nil
}
